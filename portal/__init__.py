"""The screens, and the project itself: settings, addresses, administration, commands."""
