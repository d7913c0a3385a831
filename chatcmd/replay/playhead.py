"""Where a replay is: seconds of what was recorded, which pass faster or slower than ours, or not at all."""

from collections.abc import Callable


class Playhead:
    """Begins at 0; `speed` recorded seconds pass in each of ours, unless it is `paused`."""

    def __init__(self, monotonic: Callable[[], float], speed: float) -> None:
        self._monotonic = monotonic
        self._speed, self._paused = speed, False
        self._at, self._since = 0.0, monotonic()

    @property
    def seconds(self) -> float:
        """Recorded seconds that have passed so far."""
        return self._at if self._paused else self._at + (self._monotonic() - self._since) * self._speed

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self.jump(self.seconds)
        self._speed = speed

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        self.jump(self.seconds)
        self._paused = paused

    def until(self, when: float) -> float | None:
        """Return our seconds until so many recorded ones have passed, negative when they have; None when paused."""
        return None if self._paused else (when - self.seconds) / self._speed

    def jump(self, to: float) -> None:
        """Be elsewhere from now on."""
        self._at, self._since = to, self._monotonic()
