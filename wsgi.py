"""The entry point for a WSGI server; the settings come from the environment.

    granian --interface wsgi --http 1 --blocking-threads 16 --backpressure 10000 \
        --http1-header-read-timeout 10000 --host 127.0.0.1 --port 8000 wsgi:app
    gunicorn --workers 2 --threads 16 --bind 127.0.0.1:8000 wsgi:app  # behind deploy/nginx.conf

``calendar-app serve`` starts granian like this, after bringing the store up to date.
"""

from calendar_app.app import create_app
from calendar_app.web.answer_cache import keep_answers

app = keep_answers(create_app())
