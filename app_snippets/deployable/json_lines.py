"""The log: a line of JSON for everything, and no secret in any of them (lesson 15)."""

import json
import logging
import logging.config
import re
from datetime import datetime, timezone

from flask import g, has_request_context

# Without \b in front: in "\neyJ..." or "%20eyJ..." there is a letter or a digit before the token.
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]*\.[\w-]*")
QUERY = re.compile(r"\?[^\s=]*=\S*")  # of an address: it may hold anything, so it goes as a whole


def blank(text: str) -> str:
    """The text without tokens, and without the queries of addresses."""
    return QUERY.sub("?[query]", TOKEN.sub("[token]", text))


class BlankSecrets(logging.Filter):
    """Belongs to a handler. A filter of a logger is not asked about the lines of the loggers below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = blank(record.getMessage()), ()
        return True


class JsonLines(logging.Formatter):
    """A record as one line of JSON. Blanks once more: a traceback becomes text only here, after every filter."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, "fields", {}),
        }
        if has_request_context() and "request_id" in g:
            line["request_id"] = g.request_id
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # Before json.dumps, which writes a line break as \n: what stands behind it would look like a part of a word.
        return json.dumps({k: blank(v) if isinstance(v, str) else v for k, v in line.items()})


# For every logger of this process; also what gunicorn.conf.py gives to its own.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"blank": {"()": BlankSecrets}},
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["blank"]}
    },
    "root": {"level": "INFO", "handlers": ["stderr"]},
}


def speak_json() -> None:
    """Let every logger of this process speak so; a server that has set its loggers up already keeps them."""
    if not logging.getLogger().handlers:
        logging.config.dictConfig(LOGGING)
    logging.captureWarnings(True)
