"""The attacks, one after the other, against a service that may be slow, tired or gone: what can be said of each?

That a request is refused says nothing where everything is refused. So the good token is sent in between.
"""

from collections.abc import Iterator
from contextlib import closing

from course.attack import BROKEN, CANNOT_TELL, SAFE, Line
from course.attack.checks import ANY_SIGNATURE, CHECKS, Check, Found
from course.attack.knowledge import Knowledge
from course.attack.target import Stopped, Try
from course.contract.wire import Answer

# What a server says when it looks at no token: nothing, too many requests, nobody behind the proxy, busy, too slow.
SAYS_NOTHING = (0, 429, 502, 503, 504)
# What is no answer to a request, whatever it is. A 503 may be one: a key cannot be had at present.
ACCIDENTS = (0, 500, 501, 502, 504)
ACCIDENT = CHECKS[-1]
WITHOUT_TOKEN = Try("a request without the header Authorization", None)
NOTHING_IS_VERIFIED = "here no signature is verified, so a forged one proves nothing more"


def lay_siege(known: Knowledge) -> Iterator[Line]:
    """Every line of the checklist."""
    siege = _Siege(known)
    stop = ""
    try:
        siege.begin()
    except Stopped as reason:
        stop = str(reason)
    for check in CHECKS:
        # What has crashed on the way is known, also if the attack had to stop.
        if siege.crashed and check is ACCIDENT:
            yield siege.broken(check, *siege.crashed)
        elif stop:
            yield Line(check.section, check.name, CANNOT_TELL, stop)
        else:
            try:
                yield siege.line(check)
            except Stopped as reason:
                stop = str(reason)
                yield Line(check.section, check.name, CANNOT_TELL, stop)


class _Siege:
    """``crashed``: what the service answers to which request by an accident, if there was one."""

    def __init__(self, known: Knowledge):
        self.known, self.target = known, known.target
        self.good = Try("the good token", known.good.text)
        self.crashed: tuple[str, Try] | None = None

    def begin(self) -> None:
        """Require that the good token is let in, and that one is needed.

        Raises:
            Stopped: if there is no use in attacking; says why.
        """
        answer = self.target.ask(self.good)
        if not answer.status:
            problem = answer.problem.removeprefix("no answer: ")
            raise Stopped(f"{problem}, at {self.target.shown}: does the service run?")
        if not _let_in(answer):
            where = f", to {answer.headers['Location']}" if "Location" in answer.headers else ""
            raise Stopped(
                f"the good token is answered by {answer.status}{where}. Has it expired, or does the address need another "
                "method?"
            )
        self._judged(WITHOUT_TOKEN)

    def line(self, check: Check) -> Line:
        """Try until something gets in.

        Raises:
            Stopped: if nothing more can be told of this service.
        """
        if check.forges and self._nothing_is_verified():
            return Line(check.section, check.name, CANNOT_TELL, NOTHING_IS_VERIFIED)
        unknown = ""
        with closing(check.tries(self.known)) as tries:
            for each in tries:
                if isinstance(each, str):
                    unknown = each
                elif isinstance(each, Found):
                    return self.broken(check, each.why, each.trial)
                else:
                    answer = self._judged(each)
                    if _let_in(answer) and each.doubt:
                        unknown = each.doubt
                    elif _let_in(answer):
                        # Where forged tokens get in, odd ones may too. That is no accident.
                        if check is not ACCIDENT or not self.known.found:
                            return self.broken(check, f"let in by {each.label}", each)
                    elif answer.status in SAYS_NOTHING:
                        unknown = f"it {_answer(answer, each)}"
                    if self.crashed and check is ACCIDENT:
                        return self.broken(check, *self.crashed)
        self._must_let_the_good_token_in()
        return Line(check.section, check.name, CANNOT_TELL if unknown else SAFE, unknown)

    def broken(self, check: Check, why: str, trial: Try) -> Line:
        """The line of what is broken, which later checks may ask for."""
        self.known.found[check.name] = trial
        token = trial.token or ""
        return Line(check.section, check.name, BROKEN, why, token, self.target.curl(trial))

    def _nothing_is_verified(self) -> bool:
        found = self.known.found.get(CHECKS[0].name)
        return found is not None and found.label in ANY_SIGNATURE

    def _judged(self, trial: Try) -> Answer:
        """The answer to this request, if it is one: what is said to every request is none.

        Raises:
            Stopped: if the service says the same to the good token, or lets in who has none.
        """
        answer = self.target.ask(trial)
        if answer.status in SAYS_NOTHING:
            self._must_let_the_good_token_in(_answer(answer, trial))
            answer = self.target.ask(trial)
        if _let_in(answer):
            self._must_be_guarded()
        elif answer.status in ACCIDENTS:
            self._must_let_the_good_token_in(_answer(answer, trial))
            self.crashed = self.crashed or (_answer(answer, trial), trial)
        return answer

    def _must_be_guarded(self) -> None:
        answer = self.target.ask(WITHOUT_TOKEN)
        if _let_in(answer):
            raise Stopped(
                f"{self.target.shown} answers {answer.status} without a token as well: it guards nothing"
            )

    def _must_let_the_good_token_in(self, before: str = "") -> None:
        answer = self.target.ask(self.good)
        if not _let_in(answer):
            before = f"it {before}, and then " if before else ""
            raise Stopped(
                f"{before}{_answer(answer, self.good)}, after {self.target.requests} requests: where everything is refused, "
                "a refusal says nothing"
            )


def _let_in(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _answer(answer: Answer, trial: Try) -> str:
    """What was answered to what, in words."""
    if answer.status:
        return f"answers {answer.status} to {trial.label}"
    return f"gives no answer to {trial.label} ({answer.problem.removeprefix('no answer: ')})"
