"""The service: HTTP, conversations, pages and the command line. `app.py` builds it, `settings.py` reads the environment."""
