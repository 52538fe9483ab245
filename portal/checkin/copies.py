"""Packed copies for offline gates that were made a moment ago: forty phones that ask at once share one."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from portal.checkin.queries.state import State
from portal.core.actors import DeviceScope

#: Making the copies of a large list may take a tenth of the time. Until then the last one is given, with its own tag:
#: the next question brings what came since. Phones ask every thirty seconds.
_SHARE = 10
_LONGEST = 10.0
#: A copy that took less (in seconds of work) is made anew whenever something changed.
_CHEAP = 0.1
_KEPT = 20
_MOST_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Copy:
    """A packed copy, the tag of what it holds, and until when (of `time.monotonic`) it stands in for newer ones."""

    tag: str
    body: bytes
    until: float


_copies: OrderedDict[Hashable, Copy] = OrderedDict()
_lock = threading.Lock()


def key_of(gate: DeviceScope, state: State) -> Hashable:
    """What two gates must have in common to share a copy."""
    return (gate.list_id, gate.subevent_id, gate.include_pending, gate.locale, state.listed, state.scoped)


def recent(key: Hashable, tag: str) -> Copy | None:
    """A copy with this tag, or one that stands in for it a moment longer."""
    found = _copies.get(key)
    if found is not None and (found.tag == tag or time.monotonic() < found.until):
        return found
    return None


def kept(key: Hashable, tag: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces as they come; once all are through, the copy is kept if it was dear."""
    parts: list[bytes] = []
    took, begun = 0.0, time.thread_time()
    for piece in pieces:
        took += time.thread_time() - begun
        parts.append(piece)
        yield piece
        begun = time.thread_time()
    took += time.thread_time() - begun
    body = b"".join(parts)
    if took < _CHEAP or len(body) > _MOST_BYTES:
        return
    with _lock:
        _copies[key] = Copy(tag, body, time.monotonic() + min(took * _SHARE, _LONGEST))
        _copies.move_to_end(key)
        while len(_copies) > _KEPT:
            _copies.popitem(last=False)
