"""The WSGI entry point: ``flask --app wsgi …`` and every server."""

import gc
import sys

from portal.app import create_app
from portal.config import ConfigError
from portal.web import logs

try:
    app = create_app()
except ConfigError as error:
    sys.exit(f"Error: {error}")
logs.configure(development=app.config["PORTAL"].development, once=True)
# What is there by now stays as long as the process: long answers make many objects, and each collection that they cause
# would look through all of it.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 50)
