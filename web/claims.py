"""Who is looking at which images: no two pages are given the same one. Short, and kept in this server's memory.

One server has a home, so memory will do; what a mark was made on is checked again when it is recorded.
"""

import time
from collections.abc import Callable, Collection

from attrs import Factory, define

HELD_FOR_S = 90.0
"""A page that has not asked for anything this long is gone, and its images go to others."""


@define
class Claims:
    """Images and the pages that hold them, by id."""

    clock: Callable[[], float] = time.monotonic
    _held: dict[str, tuple[str, float]] = Factory(dict)

    def hold(self, page: str, images: Collection[str]) -> None:
        """The page holds these, as far as no other does; its other claims end."""
        self.release(page)
        until = self.clock() + HELD_FOR_S
        taken = self.held_by_others(page)
        self._held |= {image: (page, until) for image in images if image not in taken}

    def add(self, page: str, images: Collection[str]) -> None:
        """The page holds these as well; they are nobody's."""
        until = self.clock() + HELD_FOR_S
        self._held |= dict.fromkeys(images, (page, until))

    def held_by_others(self, page: str) -> set[str]:
        """What other pages hold now."""
        now = self.clock()
        self._held = {image: claim for image, claim in self._held.items() if claim[1] > now}
        return {image for image, (holder, _) in self._held.items() if holder != page}

    def release(self, page: str) -> None:
        """The page holds nothing any more."""
        self._held = {image: claim for image, claim in self._held.items() if claim[0] != page}
