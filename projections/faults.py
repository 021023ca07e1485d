"""SQLite's errors as ours, for files that can be derived again: whatever is damaged here is mended by folding."""

from functools import partial

from ledger import faults

_MEND = "To fold it again: crop rebuild --all"

named = partial(faults.named, mend=_MEND)
owned = partial(faults.owned, mend=_MEND)
