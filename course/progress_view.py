"""``progress``: the map of the lessons, with what you have solved and what to do next."""

import html

from course.lesson_map import LessonOnMap, read_map
from course.paths import Course
from course.shown import NO_TEX, Shown, box, code_spans
from course.solved import about, fault_of, read_solved


def progress(course: Course | None = None) -> Shown:
    """Each lesson with its minutes and your solved exercises, and the next step. Never raises for a missing file.

    If the file of what is solved cannot be used, that is said above the table.
    """
    course = course or Course()
    try:
        lessons, fault = read_map(course), fault_of(course)
        solved = set() if fault else read_solved(course)
    except (OSError, ValueError) as error:
        message = f"Your progress cannot be shown: {error}."
        return Shown(message, box("bad", html.escape(message)))
    drawn = _draw(lessons, solved)
    if not fault:
        return drawn
    warning = f"✗ {about(fault)}"
    in_html = box("bad", code_spans(html.escape(warning, quote=False)))
    return Shown(f"{warning}\n\n{drawn.text}", in_html + drawn.html)


def missing(lessons: list[LessonOnMap], solved: set[str]) -> list[str]:
    """The ids of the exercises that are still to be solved, in order."""
    return [id_ for lesson in lessons for id_ in lesson.exercises if id_ not in solved]


def next_step(lessons: list[LessonOnMap], solved: set[str]) -> str:
    """What to do now, in a sentence or two."""
    open_ids = missing(lessons, solved)
    if not open_ids:
        return (
            'You have solved every exercise. Your certificate: run `certificate("Your Name")` in a notebook, '
            'or `uv run course certificate --name "Your Name"` in a terminal.'
        )
    if not solved:
        return f"Next: open lesson {lessons[0].number}, {lessons[0].title}."
    said = f"Next: {_name(open_ids[0], lessons)}."
    on_fast_track = [lesson for lesson in lessons if lesson.fast_track]
    fast_ids = missing(on_fast_track, solved)
    if fast_ids and fast_ids[0] != open_ids[0]:
        said += f" On the fast track: {_name(fast_ids[0], lessons)}."
    return said


def _name(exercise_id: str, lessons: list[LessonOnMap]) -> str:
    lesson = next(lesson for lesson in lessons if exercise_id in lesson.exercises)
    return f"exercise {exercise_id} in lesson {lesson.number}, {lesson.title}"


def _draw(lessons: list[LessonOnMap], solved: set[str]) -> Shown:
    rows = []
    for lesson in lessons:
        done = sum(id_ in solved for id_ in lesson.exercises)
        open_ids = missing([lesson], solved)
        then = f"next: {open_ids[0]}" if open_ids else "done" if lesson.exercises else ""
        fast = "fast" if lesson.fast_track else ""
        rows.append((lesson, fast, done, len(lesson.exercises), then))
    step = next_step(lessons, solved)
    total = sum(len(lesson.exercises) for lesson in lessons)
    count = f"{total - len(missing(lessons, solved))} of {total} exercises solved."
    on_fast_track = [lesson.number for lesson in lessons if lesson.fast_track]
    fast = f"Fast track: {', '.join(on_fast_track)}."
    return Shown(_as_text(rows, count, fast, step), _as_html(rows, count, fast, step))


def _as_text(rows: list, count: str, fast_track: str, step: str) -> str:
    width = max((len(row[0].title) for row in rows), default=0)
    longest = max((row[3] for row in rows), default=0)
    lines = [f"    {'lesson':{width}}  min  {'track':5}  {'solved':{longest + 6}}"]
    for lesson, fast, done, total, then in rows:
        bar = ("#" * done + "." * (total - done)).ljust(longest)
        lines.append(
            f"{lesson.number}  {lesson.title:{width}}  {lesson.minutes:>3}  {fast:5}  {bar} {done}/{total}  {then}"
        )
    return "\n".join(line.rstrip() for line in [*lines, "", f"{count} {fast_track}", step])


def _as_html(rows: list, count: str, fast_track: str, step: str) -> str:
    heads = ("Lesson", "Minutes", "Track", "Solved", "")
    left = "style='text-align:left'"
    cells = "".join(f"<th {left}>{head}</th>" for head in heads)
    lines = []
    for lesson, fast, done, total, then in rows:
        link = f"<a href='{html.escape(lesson.path.name)}'>{lesson.number} {html.escape(lesson.title)}</a>"
        bar = f"{'■' * done}{'□' * (total - done)} {done} of {total}"
        columns = (link, lesson.minutes, fast, bar, then)
        lines.append(f"<tr>{''.join(f'<td {left}>{column}</td>' for column in columns)}</tr>")
    table = (
        f"<table {NO_TEX}><thead><tr>{cells}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )
    step_html = code_spans(html.escape(step, quote=False))
    return f"{box('good', f'<b>{count}</b> {step_html}')}{table}<div>{fast_track}</div>"
