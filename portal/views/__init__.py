"""The only place for views, one module by audience or subject."""
