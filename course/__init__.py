"""What the lessons import: pictures, a server, and checks. The subject itself stays in the lessons."""

from course import shell
from course.paths import IN_A_TAB

if IN_A_TAB:
    from course import in_tab

    # Before others import what it changes.
    in_tab.install()

from course.attack import attack
from course.browser import visit
from course.certify import certificate
from course.checking import check, hint
from course.debugger_view import debugger
from course.exchange_view import show_exchange
from course.expected_error import expect
from course.progress_view import progress
from course.questions.recall import recall
from course.server import serve
from course.table_view import show_table
from course.token_view import show_token

shell.make_harmless()

__all__ = [
    "attack",
    "certificate",
    "check",
    "debugger",
    "expect",
    "hint",
    "progress",
    "recall",
    "serve",
    "show_exchange",
    "show_table",
    "show_token",
    "visit",
]
