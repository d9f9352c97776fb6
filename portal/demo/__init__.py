"""The invented park that every page can be tried on: nobody and nothing in it exists."""
