# The words people type. `just` lists them; every one is a line that can be typed without just, too.

default:
    @just --list

# The whole journey, in a sandbox
demo *options:
    ./run demo {{ options }}

# The tests; options go to pytest
test *options:
    ./run test {{ options }}

# What the linters and the type checker say
lint:
    ./run ready dev
    .venv/bin/ruff check
    .venv/bin/ruff format --check
    .venv/bin/mypy
    .venv/bin/lint-imports

# Put the code into shape
format:
    ./run python -m ruff check --fix
    ./run python -m ruff format

# Write the pages of docs/ that come from the code
docs:
    ./run python docs/generate.py

# Figures: the ledger's against plain SQLite, the queue's cost per crop, scans and progress, the look before a run, a command's cold start, a plan's likeness, the marking page, the wait beside a run
bench *options:
    ./run python benchmarks/ledger.py {{ options }}
    ./run python benchmarks/queue.py
    ./run python benchmarks/importing.py
    ./run python benchmarks/directories.py
    ./run python benchmarks/crop_engine.py
    ./run python benchmarks/beside_a_run.py
    ./run python benchmarks/check.py
    ./run python benchmarks/start.py
    ./run python benchmarks/cadence_fidelity.py --made
    ./run python benchmarks/lateness.py
    ./run python benchmarks/workbench.py

# Kill `crop run` 200 times at random instants, and look what is left
crash *options:
    CROP_KILLS=200 ./run test tests/journeys/test_kill.py {{ options }}

# Sixty photographs by schedule, with the run killed twice; prints planned and actual
sixty:
    ./run test -n0 -s -m campaign tests/journeys/test_sixty.py

# The long runs of the randomised tests, and many more examples of what the others draw
campaign *options:
    ./run test -m campaign {{ options }}
    ./run test --hypothesis-profile long -m 'not campaign and not browser' {{ options }}

# dist/cropledger-*.whl
wheel:
    ./run python -m hatchling build --target wheel

# Take the newest versions that pyproject.toml allows, and pin them
constraints:
    ./run python .ci/constraints.py --write

# Everything that must hold before a change is taken, from a fresh clone of the last commit
ci:
    bash .ci/run
