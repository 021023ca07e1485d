"""SQLite's errors as ours, for files that can be derived again: whatever is damaged here is mended by folding."""

from functools import partial

from ledger import faults

named = partial(faults.named, mend="To fold it again: crop rebuild --all")
