"""Every projection there is."""

from projections.projection import Projection
from projections.queue import QUEUE_PROJECTION

ALL: tuple[Projection, ...] = (QUEUE_PROJECTION,)
