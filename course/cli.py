"""The ``course`` command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from course import environment
from course.contract import LEVELS, as_causes, as_count, as_table, hold
from course.lesson_map import read_map
from course.paths import Course
from course.shown import printable


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
    # Before anything imports JupyterLab, for which a learner waits.
    from course import without_iri_grammar  # noqa: F401

    failed = False
    for finding in environment.examine(course.my_work):
        click.echo(str(finding))
        failed = failed or bool(finding.cure and finding.stops)
    if failed:
        raise click.ClickException("Mend what is marked [fail], then start again.")
    with _errors_for_people():
        lessons = read_map(course)
    if not lessons:
        raise click.ClickException(
            "notebooks/ is empty. Is this a complete checkout of the course?"
        )
    from course.learner import START_PAGE, prepare_my_work
    from course.progress_view import next_step
    from course.solved import about, fault_of, read_solved

    with _errors_for_people():
        done = prepare_my_work(course)
        click.echo(f"[ok]   {done}")
        fault = fault_of(course)
        if fault:
            click.echo(f"[warn] {about(fault)}")
        click.echo(next_step(lessons, set() if fault else read_solved(course)))
    click.echo(f"Starting JupyterLab on my_work/{START_PAGE}. To end it, press Ctrl-C here.\n")
    arguments = [
        f"--ServerApp.root_dir={course.root}",
        f"--FileContentsManager.preferred_dir={course.my_work}",
        f"--LabApp.default_url=/lab/tree/{course.my_work.name}/{START_PAGE}",
        # Turns off the questions about news and updates, which need the internet.
        f"--LabApp.app_settings_dir={Path(__file__).parent / 'lab_settings'}",
    ]
    if no_browser:
        arguments.append("--no-browser")
    if port is not None:
        arguments.append(f"--port={port}")
    if os.name == "posix" and hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    _run_jupyterlab(arguments, f"{course.my_work.name}/{START_PAGE}")


def _run_jupyterlab(arguments: list[str], page: str) -> None:
    """Serve JupyterLab until it is ended, with a kernel that starts for this page while the browser is still loading."""
    from jupyterlab.labapp import LabApp

    async def start_kernel() -> None:
        await server.session_manager.create_session(
            path=page, name=page.rpartition("/")[2], type="notebook", kernel_name="python3"
        )

    sys.stdout.flush()
    server = LabApp.initialize_server(arguments)
    # Nothing is built here, and to look whether something could be keeps a first page waiting for half a second.
    server.web_app.settings.setdefault("page_config_data", {})["buildCheck"] = False
    server.io_loop.add_callback(start_kernel)
    server.start()


@contextmanager
def _errors_for_people() -> Iterator[None]:
    try:
        yield
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from error
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"my_work/ could not be read or written: {error}\n"
            "What is there is whole. Mend that (room on the disk? your own folder?), then run this again."
        ) from error


@main.command()
def progress() -> None:
    """What you have solved, and what to do next."""
    from course.progress_view import progress as draw
    from course.solved import set_aside_if_broken

    with _errors_for_people():
        said = set_aside_if_broken(Course())
    if said:
        click.echo(f"{said}\n")
    click.echo(draw(Course()).text)


@main.command()
@click.option("--all", "everything", is_flag=True, help="Also on lessons that you have not begun.")
def recall(everything: bool) -> None:
    """Five questions on what you have done, those that were asked longest ago."""
    from course.questions.recall import NOTHING_YET, ask, due

    course = Course()
    with _errors_for_people():
        questions = due(course, everything)
        if not questions:
            click.echo(NOTHING_YET)
            return
        os.chdir(course.my_work)
        ask(course, questions, click.echo, input)


@main.command()
@click.option("--name", required=True, help="Whom the certificate is for.")
def certificate(name: str) -> None:
    """A certificate (a JWT), once every exercise is solved."""
    from course.certify import NotIssued, issue

    try:
        token, explanation = issue(name, Course())
    except NotIssued as reason:
        raise click.ClickException(str(reason)) from reason
    click.echo(f"{token}\n\n{explanation}")


@main.command()
@click.argument("lesson")
def reset(lesson: str) -> None:
    """Give a fresh copy of LESSON, such as 03 or common_errors, and keep the old one under another name.

    Of an old one in which nothing is yours, none is kept.
    """
    from course.learner import reset as give_fresh_copy

    with _errors_for_people():
        copy, earlier = give_fresh_copy(Course(), lesson)
    click.echo(f"my_work/{copy.name} is fresh. What you solved stays solved.")
    if earlier:
        click.echo(
            f"The old one is my_work/{earlier.name}.\n"
            "If the lesson is open in JupyterLab: File > Reload Notebook from Disk."
        )


@main.command()
@click.argument("lesson")
def solution(lesson: str) -> None:
    """Put the worked copy of LESSON, such as 03, into my_work/solutions/."""
    from course.learner import solution as give_solution

    with _errors_for_people():
        path = give_solution(Course(), lesson)
    click.echo(f"{path}\nIn JupyterLab: my_work/solutions/{path.name}")


@main.command()
@click.argument("framework", type=click.Choice(["flask", "fastapi"]), default="flask")
def starter(framework: str) -> None:
    """Lay out the beginning of a service of your own (lesson 16), in Flask or FastAPI."""
    from course.starter import lay_out

    with _errors_for_people():
        folder, new = lay_out(Course(), framework)
    for path in new:
        click.echo(f"New: my_work/{folder.name}/{path.name}")
    if not new:
        click.echo(f"my_work/{folder.name}/ has these files already; they stay as they are.")
    click.echo(f"Open {framework}_service.py: its first lines say how to run it.")


@main.command()
@click.argument("lesson", required=False)
@click.option(
    "--check", "only_check", is_flag=True, help="Compare, execute nothing, write nothing."
)
@click.option(
    "--execute",
    "execute_all",
    is_flag=True,
    help="Run every cell, also where no code of the lesson changed: "
    "for a change in app_snippets/, course/ or a library.",
)
def build(lesson: str | None, only_check: bool, execute_all: bool) -> None:
    """Make notebooks/ and solutions/ from lessons/ (all, or one LESSON such as 03 or common_errors).

    They are executed where code of the lesson changed; else their outputs are kept. It also renews the tables of lessons
    in README.md and INSTRUCTORS.md.
    """
    if only_check and execute_all:
        raise click.UsageError("--check executes nothing: leave out --check or --execute.")
    # Only authors build: learners do not wait for these imports, nor need what they need.
    from course import without_iri_grammar  # noqa: F401

    try:
        from course.build import LessonError, differences
        from course.build import build as build_lessons
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"There is no {error.name} here: to build takes the tools for authors. "
            f"Install them once: uv sync --group dev"
        ) from error

    try:
        if only_check:
            found = list(differences(Course(), lesson))
            for line in found:
                click.echo(line)
            if found:
                raise click.ClickException(
                    f"{len(found)} differences between the lessons and what is made from them. "
                    f"Each line says what to do."
                )
            click.echo("The notebooks are what the lessons make.")
        else:
            build_lessons(Course(), lesson, say=click.echo, execute_all=execute_all)
    except (LessonError, LookupError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"A file could not be read or written: {error}\nMend that, then build again."
        ) from error


@main.command()
@click.argument(
    "folder", required=False, type=click.Path(file_okay=False, path_type=Path), default=None
)
@click.option("--serve", is_flag=True, help="Show the site that is there, at 127.0.0.1:8000.")
@click.option("--check", is_flag=True, help="Try the site that is there: cells, pages, slides.")
@click.option(
    "--distribution",
    is_flag=True,
    help="Fetch the wheels that PyPI lacks from Pyodide's distribution, by the hashes of npm's lock file.",
)
def site(folder: Path | None, serve: bool, check: bool, distribution: bool) -> None:
    """Make the published edition in FOLDER (site/): pages to read, notebooks that run in a tab, slides.

    It is made from what `course build` made. It takes Node 20 or newer with npm, and a Chromium.
    """
    if serve and check:
        raise click.UsageError("--serve shows and --check tries: one at a time.")
    folder = folder or Course().root / "site"
    try:
        from edition import build as edition_build
        from edition import check as edition_check
        from edition.tools import CannotBuild
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"There is no {error.name} here: the site takes tools of its own. "
            f"Run it so: uv run --group site course site"
        ) from error
    try:
        if serve:
            edition_build.show(folder, click.echo)
        elif check:
            faults = edition_check.check(Course(), folder, click.echo)
            if faults:
                raise click.ClickException(f"{len(faults)} faults. Each line says where.")
        else:
            edition_build.build(Course(), folder, click.echo, distribution=distribution)
    except CannotBuild as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("url")
@click.option("--level", type=click.Choice(list(LEVELS)), default="login", show_default=True)
@click.option("--username", help="Somebody who can log in; for the level roles, an admin.")
@click.option("--password", envvar="CONTRACT_PASSWORD", help="Theirs, or CONTRACT_PASSWORD.")
@click.option(
    "--by-cookie", is_flag=True, help="Its tokens travel in cookies, not in Authorization."
)
def contract(
    url: str, level: str, username: str | None, password: str | None, by_cookie: bool
) -> None:
    """Hold the login service at URL to the course's HTTP contract, up to a level.

    It registers users with random names: run it against a service whose users do not matter.

    The numbers of the contract: a body has at most 10,000 bytes, a password 15 to 1,000 characters, a name 1 to 64
    characters. An error is JSON with a `message`, and a 401 names the scheme Bearer in WWW-Authenticate. By cookie, the
    cookies may have any names, and the CSRF token goes into the header X-CSRF-TOKEN.
    """
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("It begins with http:// or https://", param_hint="URL")
    try:
        rows = hold(url, level, username, password, by_cookie)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(as_table(rows))
    if causes := as_causes(rows):
        click.echo(f"\nWhat is broken, by cause:\n{causes}")
    click.echo(f"\n{as_count(rows)}")
    if not all(row.kept for row in rows):
        sys.exit(1)


@main.command()
@click.argument("url")
@click.option(
    "--token",
    envvar="ATTACK_TOKEN",
    help="A good one. In ATTACK_TOKEN it stays out of the shell's history.",
)
@click.option(
    "--public-key",
    type=click.File("rb"),
    help="The file with the public key (PEM), if there is a pair.",
)
@click.option(
    "--other-token",
    help="A genuine one of the same issuer for something else, such as an ID token.",
)
@click.option("--expired-token", help="A genuine one that has expired.")
@click.option(
    "--file",
    help="The path of a file that the service shows to everybody, such as /static/site.css.",
)
def attack(
    url: str,
    token: str | None,
    public_key: BinaryIO | None,
    other_token: str | None,
    expired_token: str | None,
    file: str | None,
) -> None:
    """Attack your own service at URL, an address on this machine that asks for a bearer token.

    It sends what RFC 8725 says must be refused: some hundred requests, each of them a GET. A line is safe if all of them
    were refused, while the good token went on being let in.

    Ends with 0 if nothing is broken, 1 if something is, and 2 if nothing could be told.
    """
    from course.attack import BROKEN
    from course.attack import attack as attack_service
    from course.attack.target import quoted

    if not token:
        raise click.UsageError(
            "A good token is needed: --token, or ATTACK_TOKEN in the environment, which the shell's history does not keep."
        )
    pem = public_key.read() if public_key else None
    try:
        report = attack_service(url, token, pem, other_token, expired_token, file)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(report.text)
    for line in report.lines:
        if line.verdict == BROKEN:
            click.echo(f"\n{line.name}: {printable(line.why)}")
            if "$TOKEN" in line.curl:
                click.echo(f"    TOKEN={quoted(line.token)}")
            click.echo(f"    {line.curl}")
    sys.exit(1 if report.broken else 0 if report.told else 2)
