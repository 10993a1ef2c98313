"""``debugger``: a token to play with. Paste, tamper, type a key, sign again, and watch the signature turn.

The kernel computes everything: python-jose verifies and signs, ``show_token`` draws, ipywidgets carries the keys typed.
"""

import builtins
import contextlib
import functools
import html
import json
from collections.abc import Callable

from course.shown import COLOURS, Shown, box
from course.signature import sign, verdict_on
from course.token_in_text import find_token
from course.token_parts import ARTICLE_TOKEN, LONGEST_READ, decode_part, encode_part, read_object
from course.token_view import PARTS, as_text, draw_token, is_encrypted

PRIVACY = (
    "Nothing leaves this machine: the notebook's own Python works everything out, without a single request. "
    "If the form does not answer, run its cell again."
)
GONE = (
    "✗ This form no longer answers. The kernel that ran its cell is gone, so what you type reaches nobody. "
    "Run the cell again."
)
INVITATION = (
    "This is a still picture. Run the cell in JupyterLab to type in it: the form lives no longer than the kernel "
    "that ran it."
)
ENCRYPTED = "This token is encrypted (JWE): its claims are in the ciphertext, and it has no signature to make again."
WIDGET = "application/vnd.jupyter.widget-view+json"


def debugger(token: str | bytes | None = None, key: str = "") -> "Debugger":
    """A form for ``token`` (the lessons' first token, without its key, if none is given) and a key for HS256, HS384 or HS512.

    Never raises, whatever is given or typed: what is wrong is said in the form.
    """
    return Debugger(ARTICLE_TOKEN if token is None else token, key)


def _to_edit(piece: str) -> str:
    """The JSON of a part, laid out for editing; empty if it cannot be read."""
    try:
        text = json.dumps(json.loads(decode_part(piece)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
    # What is invisible or turns the reading direction is spelled out, as JSON spells it.
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def _whole(text: str) -> str:
    """The text with half a character (a lone surrogate) spelled out: no message to a browser can carry one."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@functools.cache
def _fields() -> tuple[type, type]:
    """The Text and Textarea of ipywidgets, except that they hold whole characters, whatever is typed or set."""
    import ipywidgets
    import traitlets

    class WholeCharacters:
        @traitlets.validate("value")
        def _take(self, proposal: dict) -> str:
            return _whole(proposal["value"])

        def set_state(self, sync_data: dict) -> None:
            """What the browser has sent. ipywidgets sends it back before anything else."""
            if isinstance(sync_data.get("value"), str):
                sync_data = {**sync_data, "value": _whole(sync_data["value"])}
            super().set_state(sync_data)

    class Text(WholeCharacters, ipywidgets.Text):
        pass

    class Textarea(WholeCharacters, ipywidgets.Textarea):
        pass

    return Text, Textarea


class Debugger:
    """The form. Its fields are ipywidgets: ``token``, ``key``, ``header``, ``payload``, ``sign_again``, ``start_again``.

    ``verdict`` and ``note`` are what it says. Outside a notebook, and on GitHub, it is a still picture of the first token.
    """

    def __init__(self, token: str | bytes, key: str):
        import ipywidgets as widgets

        self.first_token = as_text(token)[0]
        self.first_key = key = key if isinstance(key, str) else as_text(key)[0]
        self._still = _still_picture(token, self.first_token, key)
        # What the parts were when the token was last pasted or signed. A part edited back to what it said is this again.
        self._before = ["", "", ""]

        Text, Textarea = _fields()

        def field(make: type, label: str, rows: int | None = None, **more):
            made = make(description=label, style={"description_width": "initial"},
                        layout={"width": "auto", "margin": "0 0 10px 0"}, **more)  # fmt: skip
            if rows:
                made.rows = rows
            return made.add_class(f"course-{label.split()[0].lower()}")

        self.token = field(Textarea, "Token", rows=5)
        self.key = field(Text, "Key", value=key, placeholder="the shared secret")
        self.header = field(Textarea, "Header (JSON)", rows=4)
        self.payload = field(Textarea, "Payload (JSON)", rows=6)
        self.sign_again = widgets.Button(description="Sign again")
        self.start_again = widgets.Button(description="Start again")
        self.verdict, self.note, self.drawing = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.verdict.add_class("course-verdict")
        self.note.add_class("course-note")
        buttons = widgets.HBox([self.sign_again, self.start_again])
        form = [self.token, self.key, self.header, self.payload, buttons, self.note]
        columns = widgets.HBox(
            [
                widgets.VBox(form, layout={"flex": "1 1 320px"}),
                widgets.VBox([self.verdict, self.drawing], layout={"flex": "1 1 320px"}),
            ],
            layout={"flex_flow": "row wrap", "grid_gap": "16px"},
        )
        gone = f'<div class="course-gone">{_announced("bad", GONE)}</div>'
        self._form = widgets.VBox([widgets.HTML(f"{STYLE}<div>{PRIVACY}</div>{gone}"), columns])
        self._form.add_class("course-debugger")

        self._from_the_reader = True
        self._listen(self.token, self._take_token)
        self._listen(self.key, self._redraw)
        self._listen(self.header, self._take_parts)
        self._listen(self.payload, self._take_parts)
        self.sign_again.on_click(self._sign_again)
        self.start_again.on_click(self._start_again)
        self._start_again()

    def _listen(self, field, react: Callable[[], None]) -> None:
        field.observe(lambda change: react() if self._from_the_reader else None, names="value")

    @contextlib.contextmanager
    def _writing(self):
        """What the form writes into its own fields is not something that the reader typed."""
        self._from_the_reader = False
        try:
            yield
        finally:
            self._from_the_reader = True

    def _pieces(self) -> list[str]:
        """The parts of the token as it stands, at least three of them."""
        pieces = find_token(self.token.value).token.split(".")
        return pieces + [""] * (len(PARTS) - len(pieces))

    def _take_token(self) -> None:
        """The reader wrote the token: header and payload follow."""
        self._before = self._pieces()
        encrypted = is_encrypted(self._before)
        with self._writing():
            for field, piece in zip((self.header, self.payload), self._before):
                readable = len(piece) <= LONGEST_READ and not (encrypted and field is self.payload)
                field.value = _to_edit(piece) if readable else ""
        self._redraw()

    def _take_parts(self) -> None:
        """The reader wrote header or payload: the token follows, as far as they can be read."""
        pieces = self._pieces()
        problems = []
        encrypted = is_encrypted(self._before)
        for index in (0, 1):
            if encrypted and index == 1:
                if self.payload.value:
                    problems.append(f"✗ Payload not used. {ENCRYPTED}")
                continue
            try:
                pieces[index] = self._edited(index)[1]
            except ValueError as error:
                problems.append(
                    f"✗ {PARTS[index].capitalize()} not used. It is {error}. The token keeps the last one that could be read."
                )
        if pieces != self._pieces():
            with self._writing():
                self.token.value = ".".join(pieces)
        self._redraw("bad", problems)

    def _edited(self, index: int) -> tuple[dict, str]:
        """Header (0) or payload (1) as the reader wrote it: read, and as a part of a token.

        Raises:
            ValueError: if it cannot be read, with the reason.
        """
        text = (self.header, self.payload)[index].value
        content = read_object(text)
        piece = self._before[index]
        if text == _to_edit(piece):
            return content, piece
        return content, encode_part(content)

    def _sign_again(self, button: object = None) -> None:
        if is_encrypted(self._before):
            self._redraw("bad", [f"✗ Not signed. {ENCRYPTED}"])
            return
        try:
            header, header_piece = self._edited(0)
            _, payload_piece = self._edited(1)
            token, done = sign(header, payload_piece, header_piece, self.key.value)
        except ValueError as error:
            self._redraw("bad", [f"✗ Not signed: {error}"])
            return
        with self._writing():
            self.token.value = token
        self._take_token()
        self._redraw("good", [f"✓ {done}"])

    def _start_again(self, button: object = None) -> None:
        with self._writing():
            self.token.value = self.first_token
            # A key that somebody typed does not stay: the next reader of the screen may be another one.
            self.key.value = self.first_key
        self._take_token()

    def _redraw(self, colour: str = "good", notes: list[str] = ()) -> None:
        self.verdict.value = _announced(*verdict_on(self.token.value, self.key.value))
        self.note.value = "".join(_announced(colour, note) for note in notes)
        self.drawing.value = draw_token(self.token.value).html

    def __repr__(self) -> str:
        return self._still.text

    def _repr_mimebundle_(self, **kwargs) -> dict:
        """The still picture. The form is an output of its own before it, which hides the picture as long as it lives.

        In one output with the form, the picture would never be seen again: a notebook that was saved and opened later
        shows "Error displaying widget: model not found" in place of everything that the output has.
        """
        self._show_the_form()
        return {"text/plain": self._still.text, "text/html": self._still.html}

    def _show_the_form(self) -> None:
        if hasattr(builtins, "__IPYTHON__"):
            from IPython.display import display

            bundle = self._form._repr_mimebundle_() or {}
            display({kind: bundle[kind] for kind in bundle if kind == WIDGET}, raw=True)


def _still_picture(token: str | bytes, text: str, key: str) -> Shown:
    drawn = draw_token(token)
    colour, verdict = verdict_on(text, key)
    return Shown(
        f"JWT DEBUGGER  {INVITATION}\n\n{verdict}\n\n{drawn.text}",
        f'<div class="course-still"><div><b>JWT debugger.</b> {INVITATION}</div>{_said(colour, verdict)}{drawn.html}</div>',
    )


def _announced(colour: str, words: str) -> str:
    """A box that a screen reader reads aloud when it comes.

    ipywidgets replaces the element at each change. Most screen readers pass over a new element with the role status;
    they read a new alert, and "polite" makes them finish their sentence first.
    """
    return f'<div role="alert" aria-live="polite">{_said(colour, words)}</div>'


def _said(colour: str, words: str) -> str:
    """A box with the first sentence large enough for a wall."""
    first, stop, rest = words.partition(". ")
    return box(
        colour, f'<b style="font-size:1.2em">{html.escape(first + stop)}</b>{html.escape(rest)}'
    )


def _css(colour: str) -> str:
    """A colour pair, strong enough to hold against ipywidgets' own."""
    background, text = COLOURS[colour]
    return f"background: {background} !important; color: {text} !important;"


# The parts wear their colours here too. The focus ring lies inside the field, in the colour of its text: there it
# stands out in either theme, and nothing cuts it off.
STYLE = f"""<style>
.course-debugger textarea, .course-debugger input {{
  font-family: monospace !important; font-size: 14px !important; line-height: 1.5; width: 100%; box-sizing: border-box;
  border: 1px solid #76767f !important; border-radius: 4px; {_css("wire")}
}}
.course-debugger input {{ height: 34px; }}
.course-debugger input::placeholder {{ color: inherit; opacity: 0.8; }}
.course-debugger .course-header textarea {{ {_css("header")} }}
.course-debugger .course-payload textarea {{ {_css("payload")} }}
.course-debugger .widget-textarea, .course-debugger .widget-text {{ flex-direction: column; align-items: stretch; height: auto; }}
.course-debugger .widget-label {{ text-align: left; width: auto !important; font-weight: 600; }}
.course-debugger button {{ {_css("waiting")} border: 1px solid #76767f; border-radius: 4px; font-weight: 600; }}
.course-debugger textarea:focus-visible, .course-debugger input:focus-visible, .course-debugger button:focus-visible {{
  outline: 3px solid currentColor !important; outline-offset: -3px;
}}
.jp-OutputArea:has(.course-debugger) > .jp-OutputArea-child:has(.course-still) {{ display: none; }}
.course-gone {{ display: none; }}
.course-debugger.jupyter-widgets-disconnected .course-gone,
.jp-NotebookPanel:has(.jp-Notebook-ExecutionIndicator:is([data-status="unknown"], [data-status="dead"])) .course-gone {{
  display: block;
}}
</style>"""
