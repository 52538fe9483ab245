"""The WSGI entry point: ``flask --app wsgi …`` and every server."""

import gc
import sys

gc.disable()  # nothing that is made until the app stands is garbage: to look for it took a sixth of a start

from portal.app import create_app  # noqa: E402
from portal.config import ConfigError  # noqa: E402
from portal.web import logs  # noqa: E402

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
gc.enable()
# A thread that holds a lock of the database comes back from the disk and needs Python's own lock at once: with the
# usual five milliseconds all others wait for one that draws a page.
sys.setswitchinterval(0.0001)
