"""All checks at once, each in a thread of its own: what one finds is given in order, and none is waited for long."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue

from msgspec import Struct, field

from chatcmd.cli.doctor.finding import Check, Finding
from chatcmd.errors import OurFault, reason
from chatcmd.language import _

EVERY = 0.1
"""Seconds between two looks at the clock."""


class Found(Struct, frozen=True):
    """A finding, and the check that it is of."""

    check: Check
    finding: Finding


class _Course(Struct):
    """How far a check has come: what it found that was not given yet, and whether it is done."""

    check: Check
    found: deque[Finding] = field(default_factory=deque)
    done: bool = False


class Round:
    """The checks, begun at once; `waits` is told every now and then how many of all are done."""

    def __init__(self, checks: Sequence[Check], waits: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        self._courses = [_Course(check) for check in checks]
        self._total = len(checks)
        self._news: SimpleQueue[tuple[_Course, Finding | None]] = SimpleQueue()
        self._waits = waits
        self._began = time.monotonic()
        for course in self._courses:
            self._begin(course)

    def findings(self) -> Iterator[Found]:
        """Give what is found, each as soon as it and all before it is known; what takes too long is said to."""
        while self._courses:
            course = self._courses[0]
            while course.found:
                yield Found(course.check, course.found.popleft())
            if course.done:
                del self._courses[0]
            elif time.monotonic() >= self._began + course.check.limit:
                del self._courses[0]
                yield Found(course.check, _given_up(course.check))
            else:
                self._wait()

    def rest(self) -> Iterator[Found]:
        """Give at once what is known by now, and of all else that it was not waited for."""
        while self._take(0):
            pass
        for course in self._courses:
            yield from (Found(course.check, finding) for finding in course.found)
            if not course.done:
                yield Found(course.check, _stopped(course.check))
        self._courses.clear()

    def _begin(self, course: _Course) -> None:
        try:
            threading.Thread(target=self._work, args=(course,), name=course.check.id, daemon=True).start()
        except RuntimeError:  # the system gives no more threads: then one after the other
            self._work(course)

    def _work(self, course: _Course) -> None:
        try:
            for finding in course.check.find():
                self._news.put((course, finding))
        except Exception as fault:  # of ours: the other checks go on
            self._news.put((course, _faulty(course.check, fault)))
        self._news.put((course, None))

    def _wait(self) -> None:
        if not self._take(EVERY):
            self._waits(self._total - sum(not course.done for course in self._courses), self._total)

    def _take(self, seconds: float) -> bool:
        """Take one piece of news, for which it is waited so long; tell whether there was one."""
        try:
            course, finding = self._news.get(timeout=seconds) if seconds else self._news.get_nowait()
        except Empty:
            return False
        if finding is None:
            course.done = True
        else:
            course.found.append(finding)
        return True


def _given_up(check: Check) -> Finding:
    sentence = _("no answer in {seconds:g} seconds; it was given up").format(seconds=check.limit)
    return Finding(f"{check.id}.time", check.label, "failed", sentence)


def _stopped(check: Check) -> Finding:
    return Finding(f"{check.id}.time", check.label, "skipped", _("not waited for: it was stopped"))


def _faulty(check: Check, fault: Exception) -> Finding:
    if isinstance(fault, OSError) and fault.filename:  # the disk's, where nobody reckoned with it
        sentence = _("{path}: {fault}").format(path=fault.filename, fault=reason(fault).lower())
        return Finding(f"{check.id}.disk", check.label, "failed", sentence)
    return Finding(f"{check.id}.fault", check.label, "failed", str(OurFault(fault, check.id, ends=True)))
