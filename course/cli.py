"""The ``course`` command."""

import os
import sys
from pathlib import Path

import click

from course import environment
from course.contract import LEVELS, as_table, judge
from course.learner import prepare_my_work
from course.paths import Course


@click.group(invoke_without_command=True)
@click.option("--no-browser", is_flag=True, help="Start JupyterLab without opening a browser.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port of JupyterLab (it takes the next free one).",
)
@click.pass_context
def main(context: click.Context, no_browser: bool, port: int | None) -> None:
    """JWT, cell by cell. Without a command: check the environment, lay out your copies, open JupyterLab."""
    if context.invoked_subcommand is None:
        _learn(Course(), no_browser, port)


def _learn(course: Course, no_browser: bool, port: int | None) -> None:
    failed = False
    for finding in environment.examine(course.my_work):
        click.echo(str(finding))
        failed = failed or bool(finding.cure)
    if failed:
        raise click.ClickException("Mend what is marked [fail], then start again.")
    lessons = sorted(course.notebooks.glob("[0-9][0-9]_*.ipynb"))
    if not lessons:
        raise click.ClickException(
            "notebooks/ is empty. Is this a complete checkout of the course?"
        )
    new = prepare_my_work(course)
    click.echo(
        f"[ok]   my_work/ has your copies of the lessons ({len(new)} new). What you change there stays yours."
    )
    click.echo("Starting JupyterLab. To end it, press Ctrl-C here.")
    first = f"{course.my_work.name}/{lessons[0].name}"
    arguments = [
        sys.executable, "-m", "jupyterlab",
        f"--ServerApp.root_dir={course.root}",
        f"--ServerApp.preferred_dir={course.my_work}",
        f"--LabApp.default_url=/lab/tree/{first}",
        # Turns off the questions about news and updates, which need the internet.
        f"--LabApp.app_settings_dir={Path(__file__).parent / 'lab_settings'}",
    ]  # fmt: skip
    if no_browser:
        arguments.append("--no-browser")
    if port is not None:
        arguments.append(f"--port={port}")
    if os.name == "posix" and hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    """Become the other program; where the system cannot, wait for it."""
    if os.name == "posix":
        sys.stdout.flush()
        os.execv(arguments[0], arguments)
    import subprocess

    try:
        return subprocess.call(arguments)
    except KeyboardInterrupt:
        return 0


@main.command()
@click.argument("lesson", required=False)
@click.option(
    "--check", "only_check", is_flag=True, help="Compare, execute nothing, write nothing."
)
def build(lesson: str | None, only_check: bool) -> None:
    """Make notebooks/ and solutions/ from lessons/ (all, or one LESSON such as 03 or common_errors) and execute them."""
    # Only authors build: learners do not wait for these imports.
    from course.build import LessonError, differences
    from course.build import build as build_lessons

    try:
        if only_check:
            found = list(differences(Course(), lesson))
            for line in found:
                click.echo(line)
            if found:
                raise click.ClickException(
                    "The notebooks are not what the lessons make. Run: uv run course build"
                )
            click.echo("The notebooks are what the lessons make.")
        else:
            build_lessons(Course(), lesson, say=click.echo)
    except (LessonError, LookupError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("url")
@click.option("--level", type=click.Choice(LEVELS), default="login", show_default=True)
@click.option("--username", help="Somebody who can log in; for the level roles, an admin.")
@click.option("--password", envvar="CONTRACT_PASSWORD", help="Theirs, or CONTRACT_PASSWORD.")
def contract(url: str, level: str, username: str | None, password: str | None) -> None:
    """Hold the login service at URL to the course's HTTP contract, up to a level.

    It registers users with random names: run it against a service whose users do not matter.
    """
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("It begins with http:// or https://", param_hint="URL")
    try:
        rows = judge(url, level, username, password)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(as_table(rows))
    broken = [row for row in rows if not row.kept]
    click.echo(f"\n{len(rows) - len(broken)} of {len(rows)} kept.")
    if broken:
        sys.exit(1)
