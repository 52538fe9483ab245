"""What is wrong with a bundle: errors with their JSON path, and warnings about what was left aside."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: A file that is wrong everywhere is described by its first mistakes.
LIMIT = 20

_NUMBERS = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """A place in the file and what is wrong there."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class BundleError(Exception):
    """The bundle cannot be loaded; nothing was written. ``problems`` says where and why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Problems:
    """The errors and warnings of one load."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self._warnings: dict[tuple[str, str], tuple[str, int]] = {}

    def error(self, path: str, reason: str) -> None:
        """Remember an error; the twentieth ends the load at once."""
        self.errors.append(Problem(path, reason))
        if len(self.errors) >= LIMIT:
            raise BundleError(self.errors)

    def stop(self) -> None:
        """End the load if there was an error."""
        if self.errors:
            raise BundleError(self.errors)

    def warn(self, path: str, reason: str) -> None:
        """Remember a warning; the same one in many places is one."""
        key = _NUMBERS.sub("[]", path), reason
        first, count = self._warnings.get(key, (path, 0))
        self._warnings[key] = first, count + 1

    @property
    def warnings(self) -> list[str]:
        """One line for each kind of warning."""
        return [
            f"{first}: {reason}" + (f" (and {count - 1} more like it)" if count > 1 else "")
            for (_, reason), (first, count) in self._warnings.items()
        ]
