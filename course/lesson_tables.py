"""What README.md and INSTRUCTORS.md say of all lessons, written by ``course build`` from the lessons' front matter.

Such a part stands between ``<!-- lessons: written by course build -->`` and ``<!-- /lessons -->``.
"""

import re

from course.lesson import Lesson, LessonError
from course.paths import Course

WRITTEN = "written by course build"


def renewed(course: Course, lessons: list[Lesson]) -> dict[str, str]:
    """The new text of each file whose parts are not what these lessons make, by its name.

    Raises:
        LessonError: if a file has no place for its part.
    """
    readme = [
        "| # | lesson | minutes | what you get |",
        "|---|---|---|---|",
        *(
            f"| {lesson.number} | [{lesson.title}](notebooks/{lesson.name}.ipynb) "
            f"| {lesson.minutes} | {lesson.gives} |"
            for lesson in lessons
        ),
    ]
    instructors = [
        "| lesson | reading along | exercises | with discussion |",
        "|---|---|---|---|",
        *(
            f"| {lesson.number} {lesson.title} | {front.reading} | {front.exercises} | {front.discussion} |"
            for lesson in lessons
            if (front := lesson.front_matter)
        ),
    ]
    fast_track = [lesson.number for lesson in lessons if lesson.front_matter.fast_track]
    wanted = {
        "README.md": {
            "site": _block([_address_of_the_site()]),
            "lessons": _block(readme),
            "fast track": ", ".join(fast_track),
        },
        "INSTRUCTORS.md": {"lessons": _block(instructors)},
    }
    changed = {}
    for name, parts in wanted.items():
        path = course.root / name
        # A course in miniature, of a test, has neither.
        if not path.exists():
            continue
        text = before = path.read_text(encoding="utf-8")
        for part, content in parts.items():
            # A course in miniature has no published edition.
            if part == "site" and "<!-- site:" not in text:
                continue
            text = _with_part(text, name, part, content)
        if text != before:
            changed[name] = text
    return changed


def _address_of_the_site() -> str:
    # The one setting of the published edition; only authors' commands read it.
    from edition.settings import read_settings

    url = read_settings().site_url
    return f"**[Read it, run it in your browser, or present it: {url}]({url})** There is nothing to install."


def _block(rows: list[str]) -> str:
    return "\n\n" + "\n".join(rows) + "\n\n"


def _with_part(text: str, file_name: str, part: str, content: str) -> str:
    begin, end = f"<!-- {part}: {WRITTEN} -->", f"<!-- /{part} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise LessonError(
            f"{file_name}: has no place for the {part}. Write this, once, where they belong: {begin}{end}"
        )
    return re.sub(
        f"{re.escape(begin)}.*{re.escape(end)}",
        lambda _: f"{begin}{content}{end}",
        text,
        flags=re.DOTALL,
    )
