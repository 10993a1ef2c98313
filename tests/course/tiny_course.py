"""A course of one lesson, of three cells of code, for tests that must break it."""

from pathlib import Path

from course.paths import Course

LESSON = """\
---
course: {reading: 3, exercises: 2, discussion: 9, gives: an answer, track: fast}
kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
---

# A tiny lesson

- **Minutes**: {{ minutes }}

Lost? See [common errors](common_errors.ipynb#lost).

```{code-cell}
---
tags: [exercise]
exercise: "9.1"
---
answer = ...
```

```{code-cell}
---
tags: [solution]
exercise: "9.1"
---
answer = 42
```

```{code-cell}
def check(exercise_id, answer):
    return "not attempted" if answer is ... else "correct"


check("9.1", answer)
```

+++ {"tags": ["solution"]}

Why not 41? Because.
"""
PAGE = """\
---
kernelspec: {display_name: Python 3 (ipykernel), language: python, name: python3}
---

# Common errors

There are none.
"""


def tiny_course(folder: Path) -> Course:
    """A new course in ``folder``: its lesson and its page, not built yet."""
    course = Course(folder)
    course.lessons.mkdir()
    course.snippets.mkdir()
    write(course, LESSON)
    (course.lessons / "common_errors.md").write_text(PAGE, encoding="utf-8")
    return course


def write(course: Course, text: str) -> Path:
    """Put another text into its lesson."""
    path = course.lessons / "09_tiny.md"
    path.write_text(text, encoding="utf-8")
    return path


def snippet_cell(source: str, file: str = "app.py") -> str:
    return f"\n\n```{{code-cell}}\n---\nsnippet: {file}\n---\n{source}\n```\n"
