"""The WSGI entry point: ``flask --app wsgi …`` and every server."""

from portal.app import create_app

app = create_app()
