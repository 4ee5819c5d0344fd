"""The door for a WSGI server; the settings come from the environment.

    granian --interface wsgi --workers 2 --backpressure 32 --host 127.0.0.1 --port 8000 wsgi:app
    gunicorn --workers 2 --threads 8 --bind 127.0.0.1:8000 wsgi:app

``calendar-app serve`` does it with granian, after bringing the store up to date.
"""

import os

from calendar_app.app import create_app
from calendar_app.config import Settings

app = create_app(Settings.from_environment(os.environ))
