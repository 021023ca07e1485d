"""The queue is brought in line once all files of an import have landed; what cannot be owed is told until it can."""

import pytest
from attrs import evolve

from commands.importing.importing import Watch
from commands.recording.recording import Recorder
from ledger.errors import Busy
from ledger.events.crops import CropRecorded
from ledger.events.history import HistoryImported
from ledger.values import Dimensions
from tests.importing.queued import batch, line, lines, owed


def bring_all(desk, *contents: bytes, try_out: bool = False):
    """Several queues at once."""
    paths = []
    for number, content in enumerate(contents):
        paths.append(desk.folder / f"{number}.jsonl")
        paths[-1].write_bytes(content)
    importer = desk.importer(queue=True)
    return (importer.try_out if try_out else importer.bring_all)(paths)


def unowed_yet(desk, monkeypatch, content: bytes) -> None:
    """A queue whose import was killed when its marks had landed."""

    def killed(*_: object) -> None:
        raise Busy("held")

    with monkeypatch.context() as patched:
        patched.setattr("commands.importing.aligning.Aligner.align", killed)
        with pytest.raises(Busy):
            bring_all(desk, content)


def deeds(desk) -> list[str]:
    return [entry.event.TYPE for entry in desk.entries() if entry.event.TYPE.startswith("crop.")]


@pytest.mark.parametrize("order", [1, -1])
def test_what_a_later_file_says_was_carried_out_is_never_recorded(desk, images, order):
    images("a.png", "b.png")
    files = [lines(batch(desk, "a.png")), lines(batch(desk, "a.png", status="completed"), batch(desk, "b.png"))]
    reports = bring_all(desk, *files[::order]).reports
    assert deeds(desk) == ["crop.recorded"]
    assert sum(report.owed for report in reports) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_marks_only_the_one_that_counts_is_recorded(desk, images, order):
    images("q.png")
    later = line(desk, created_at="2025-11-02T10:05:00Z", crop_norm=[0.5, 0.5, 1, 1])
    bring_all(desk, *(lines(each) for each in [line(desk), later][::order]))
    assert deeds(desk) == ["crop.recorded"]
    assert [row[1] for row in owed(desk)] == [0.5]


def test_the_queue_is_in_the_order_of_marking_whatever_the_names_and_files(desk, images):
    images("a.png", "b.png", "c.png")
    bring_all(
        desk,
        lines(line(desk, "a.png", created_at="2025-11-02T10:05:00Z"), line(desk, "c.png")),
        lines(line(desk, "b.png", created_at="2025-11-02T10:01:00Z")),
    )
    assert desk.rows("SELECT filename FROM queue ORDER BY position") == [("c.png",), ("b.png",), ("a.png",)]


@pytest.mark.parametrize("order", [1, -1])
def test_it_is_so_over_several_lots_by_the_first_time_an_image_was_told_of(desk, images, monkeypatch, order):
    monkeypatch.setattr("commands.importing.aligning.AT_ONCE", 1)
    images("a.png", "b.png")
    again = line(desk, "b.png", created_at="2025-11-02T10:05:00Z")
    told = [line(desk, "b.png"), line(desk, "a.png", created_at="2025-11-02T10:01:00Z"), again]
    bring_all(desk, *(lines(each) for each in told[::order]))
    assert desk.rows("SELECT filename FROM queue ORDER BY position") == [("b.png",), ("a.png",)]


def test_crops_count_for_the_file_that_told_of_their_image_first(desk, images):
    images("a.png", "b.png")
    first, again = bring_all(
        desk, lines(line(desk, "a.png")), lines(line(desk, "a.png", group_id="g"), line(desk, "b.png"))
    ).reports
    assert (first.owed, again.owed) == (1, 1)


def test_what_a_kill_left_unowed_is_owed_by_the_same_files_again(desk, images, monkeypatch):
    images("a.png", "b.png")
    content = lines(line(desk, "a.png"), line(desk, "b.png"))
    unowed_yet(desk, monkeypatch, content)
    assert deeds(desk) == []
    [report] = bring_all(desk, content).reports
    assert (report.known, report.owed) == (2, 2)
    assert [row[0] for row in owed(desk)] == ["a.png", "b.png"]


def test_many_images_are_brought_in_line_in_lots_and_progress_is_told(desk, images, monkeypatch):
    names = [f"{n}.png" for n in range(5)]
    images(*names)
    monkeypatch.setattr("commands.importing.aligning.AT_ONCE", 2)
    monkeypatch.setattr("commands.importing.aligning.REMEMBERED", 3)
    importer = desk.importer(queue=True)
    path = desk.folder / "pending.jsonl"
    path.write_bytes(lines(*(line(desk, name) for name in names)))
    told = []

    class Noting(Watch):
        def aligning(self, done: int, there: int) -> None:
            told.append((done, there))

    looked = []
    look = Recorder.look
    monkeypatch.setattr(Recorder, "look", lambda self, mark: looked.append(mark.path) or look(self, mark))
    assert importer.bring(path, Noting()).owed == 5
    assert len(looked) == 5 + 2  # the images that were too many to be remembered
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_trying_out_says_what_would_be_owed_and_leaves_nothing(desk, images):
    images("a.png")
    [report] = bring_all(desk, lines(line(desk, "a.png"), line(desk, "gone.png")), try_out=True).reports
    assert (report.owed, report.quarantined) == (1, {"missing": 1})
    assert (desk.entries(), desk.aside()) == ([], [])


# -- what cannot be owed ------------------------------------------------------------------------------------------


def test_a_mark_whose_image_has_become_ambiguous_is_told_until_it_is_clear_again(desk, images, monkeypatch):
    """It landed, and before it could be owed its image was moved and copied; then another queue names the image."""
    images("x/q.png", "r.png")
    unowed_yet(desk, monkeypatch, lines(line(desk)))
    images("y/q.png")
    done = batch(desk, "q.png", status="completed", number=1) | {"timestamp_queued": "2025-11-01T10:00:00Z"}
    done["crops"][0]["source_path"] = "/elsewhere/q.png"
    [report] = bring_all(desk, lines(done)).reports
    assert (report.accepted, report.owed, report.not_owed) == (1, 0, {"ambiguous": 1})
    [aside] = desk.aside()
    assert (aside.source, aside.line, aside.reason) == (str(desk.folder / "q.png"), 0, "ambiguous")
    assert "x/q.png" in aside.message
    assert b'"crop_norm":[0.125,' in aside.raw
    assert bring_all(desk, lines(done)).reports[0].not_owed == {"ambiguous": 1}
    assert len(desk.aside()) == 1
    (desk.folder / "y/q.png").unlink()
    [report] = bring_all(desk, lines(done)).reports
    assert (report.owed, report.not_owed, desk.aside()) == (1, {}, [])


def test_an_ambiguous_mark_that_was_carried_out_is_nothing_to_tell(desk, images, monkeypatch):
    images("x/q.png")
    unowed_yet(desk, monkeypatch, lines(line(desk)))
    images("y/q.png")
    done = batch(desk, "q.png", status="completed") | {"timestamp_queued": "2025-11-02T10:00:00Z"}
    assert bring_all(desk, lines(done)).reports[0].not_owed == {}


def test_an_ambiguous_mark_that_a_later_one_had_replaced_is_nothing_to_tell(desk, images):
    images("x/q.png")
    later = line(desk, created_at="2025-11-02T10:05:00Z", crop_norm=[0.5, 0.5, 1, 1])
    bring_all(desk, lines(line(desk), later))
    images("y/q.png")
    done = batch(desk, "q.png", status="completed") | {"timestamp_queued": "2025-11-01T10:00:00Z"}
    assert bring_all(desk, lines(done)).reports[0].not_owed == {}


def test_an_ambiguous_mark_that_only_an_older_one_was_recorded_before_is_told(desk, images, monkeypatch):
    images("x/q.png")
    bring_all(desk, lines(line(desk)))
    unowed_yet(desk, monkeypatch, lines(line(desk, created_at="2025-11-02T10:05:00Z", crop_norm=[0.5, 0.5, 1, 1])))
    images("y/q.png")
    done = batch(desk, "q.png", status="completed") | {"timestamp_queued": "2025-11-01T10:00:00Z"}
    assert bring_all(desk, lines(done)).reports[0].not_owed == {"ambiguous": 1}


def test_an_ambiguous_mark_that_its_own_record_tells_of_is_told_once(desk, images, monkeypatch):
    images("x/q.png")
    unowed_yet(desk, monkeypatch, lines(line(desk)))
    images("y/q.png", "q2/q.png")
    moved = line(desk, dir=str(desk.folder / "y"), created_at="2025-11-02T11:00:00Z")
    [report] = bring_all(desk, lines(line(desk), moved)).reports
    assert (report.quarantined, report.not_owed, report.owed) == ({"ambiguous": 1}, {}, 1)


def test_a_crop_stays_owed_where_it_was_found_though_its_image_could_be_any_of_several_by_now(desk, images):
    images("x/q.png")
    bring_all(desk, lines(line(desk)))
    images("y/q.png")
    older = line(desk, dir=str(desk.folder / "x"), created_at="2025-11-02T09:00:00Z", crop_norm=[0, 0, 0.5, 0.5])
    [report] = bring_all(desk, lines(older)).reports
    assert (report.accepted, report.owed, report.not_owed) == (1, 0, {})
    assert [row[1] for row in owed(desk)] == [0.125]


def test_an_image_that_changed_its_size_before_its_crop_was_owed_is_told(desk, images, monkeypatch):
    images("q.png")
    unowed_yet(desk, monkeypatch, lines(line(desk)))
    images("q.png", size=(400, 200))
    [report] = bring_all(desk, lines(line(desk))).reports
    assert (report.known, report.not_owed, report.set_aside) == (1, {"refused": 1}, 0)
    assert "the mark was made on 800x400" in desk.aside()[0].message


def test_the_size_that_another_telling_knows_counts_for_the_image_that_is_there_now(desk, images, monkeypatch):
    """The second telling has no size, and was seen on an image that is no longer the one that was marked."""
    images("q.png")
    unowed_yet(desk, monkeypatch, lines(line(desk)))
    images("q.png", size=(400, 200))
    again = line(desk, created_at="2025-11-02T10:05:00Z", width=None, height=None)
    [report] = bring_all(desk, lines(again)).reports
    assert (report.accepted, report.owed, report.not_owed) == (1, 0, {"refused": 1})


# -- one file under several names, one crop with its size and without -------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_an_image_under_two_names_is_owed_its_latest_mark_once(desk, images, order):
    images("q.png")
    (desk.folder / "link.png").symlink_to(desk.folder / "q.png")
    later = line(desk, "link.png", created_at="2025-11-02T10:05:00Z", crop_norm=[0.5, 0.5, 1, 1])
    for each in [line(desk), later, line(desk), later][::order]:
        bring_all(desk, lines(each))
    bring_all(desk, lines(line(desk), later))
    assert [row[:2] for row in owed(desk)] == [("q.png", 0.5)]
    assert len(deeds(desk)) == (2 if order == 1 else 1)


@pytest.mark.parametrize("order", [1, -1])
def test_what_was_carried_out_under_another_name_of_its_file_is_not_owed(desk, images, order):
    images("q.png")
    (desk.folder / "link.png").symlink_to(desk.folder / "q.png")
    for status in ["pending", "completed"][::order]:
        bring_all(desk, lines(batch(desk, "link.png", status=status)))
    assert owed(desk) == []


def test_an_importer_that_is_used_again_aligns_only_what_is_new(desk, images):
    images("a.png", "b.png")
    importer, told = desk.importer(queue=True), []
    watch = Watch()
    watch.aligning = lambda done, there: told.append((done, there))
    for name in ("a.png", "b.png"):
        (desk.folder / "pending.jsonl").write_bytes(lines(line(desk, name)))
        assert importer.bring(desk.folder / "pending.jsonl", watch).owed == 1
    assert told == [(0, 1), (1, 1)] * 2


@pytest.mark.parametrize("order", [1, -1])
def test_a_crop_told_without_its_size_and_with_it_is_the_same_facts_in_any_order(desk, log, images, order):
    images("q.png")
    sizeless = lines(line(desk, width=None, height=None))
    sized = log.file(log.v2("q.png", at="2025-11-02T10:00:00.000000Z"))
    for name, content in [("pending.jsonl", sizeless), ("log.csv", sized)][::order]:
        desk.bring(content, name, queue=True)
    told = {entry.event.dimensions for entry in desk.entries() if isinstance(entry.event, HistoryImported)}
    assert told == {None, Dimensions(800, 400)}
    assert len(desk.entries()) == 4  # these two, the mark, and the crop that is owed


@pytest.mark.parametrize("order", [1, -1])
def test_a_queue_that_says_what_ours_says_of_an_imported_crop_is_a_fact_in_any_order(desk, images, order):
    """The line without a size is owed with the size that was seen; so our own queue says what the other one does."""
    images("q.png")
    for each in [line(desk, width=None, height=None), line(desk)][::order]:
        desk.bring(lines(each), "pending.jsonl", queue=True)
    assert desk.rows("SELECT count(*) FROM imported_marks") == [(2,)]


def test_our_own_queue_says_nothing_new_also_of_crops_that_were_imported(desk, images):
    from commands.exporting.exporting import export_queue

    images("x/q.png", "r.png")
    desk.bring(lines(line(desk), line(desk, "r.png", width=None, height=None)), "pending.jsonl", queue=True)
    head = desk.ledger.head()
    exported = export_queue(desk.projections(), evolve(desk.home, root=desk.folder / "out"))
    for written in exported:
        report = desk.importer(queue=True).bring(written.path)
        assert (report.known, report.read) == (written.count, written.count)
    assert desk.ledger.head() == head


def test_a_sized_telling_of_the_same_box_is_the_same_mark(desk, images):
    """Told without a size first, with it and a group later: one mark, from its first time."""
    images("q.png")
    sized = line(desk, created_at="2025-11-02T10:05:00Z", group_id="g7")
    bring_all(desk, lines(line(desk, width=None, height=None), sized))
    assert desk.rows("SELECT group_id, marked_at FROM queue") == [("g7", "2025-11-02T10:00:00.000000Z")]
    [recorded] = [entry.event for entry in desk.entries() if isinstance(entry.event, CropRecorded)]
    assert recorded.supersedes is None
