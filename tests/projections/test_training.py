"""What a model learns from: human crops that stand."""

from projections.history import sources
from projections.training import training_lines

BOX = "0.1,0.2,0.8,0.9"


def test_a_mark_is_a_line_as_the_csv_has_it(stage):
    stage.tell(f"ann records a/1.png {BOX} size 640x480")
    with stage.projections() as projections:
        [line] = training_lines(projections)
    assert line.timestamp == stage.at(1)
    assert (line.project_id, line.filename) == ("P", "1.png")
    assert (line.crop_x1, line.crop_y1, line.crop_x2, line.crop_y2) == (0.1, 0.2, 0.8, 0.9)
    assert (line.width, line.height) == (640, 480)


def test_an_image_without_a_crop_teaches_nothing(stage):
    stage.tell("ann skips a/1.png")
    with stage.projections() as projections:
        assert training_lines(projections) == []


def test_withdrawn_marks_vanish_and_new_ones_replace_old_ones(stage):
    stage.tell(f"""
        ann records a/1.png {BOX}
        ann records a/2.png {BOX}
        ann withdraws a/1.png
        ann records a/2.png 0.3,0.3,0.5,0.5
    """)
    with stage.projections() as projections:
        assert [(line.filename, line.crop_x1) for line in training_lines(projections)] == [("2.png", 0.3)]


def test_what_runners_do_changes_nothing(stage):
    stage.tell(f"ann records a/1.png {BOX}\n ann records a/2.png {BOX}")
    with stage.projections() as projections:
        before = training_lines(projections)
    stage.tell("""
        r1 starts a/1.png
        r1 executes a/1.png
        r1 starts a/2.png
        r1 fails a/2.png missing finally
        ann retries a/2.png
        ann undoes a/1.png
    """)
    with stage.projections() as projections:
        assert training_lines(projections) == before


def test_a_mark_that_no_person_made_teaches_nothing_and_takes_the_place_of_the_one_before(stage):
    stage.tell(f"ann records a/1.png {BOX}\n suggester:m1 records a/1.png {BOX}\n suggester:m1 records a/2.png {BOX}")
    with stage.projections() as projections:
        assert training_lines(projections) == []


def test_imported_crops_teach_only_with_box_and_size(stage):
    stage.tell(f"""
        log imports a/1.png box {BOX} size 640x480
        log imports a/2.png box {BOX}
        log imports a/3.png size 640x480
        log imports a/4.png
        ann records a/5.png {BOX}
        log records a/6.png {BOX}
    """)
    with stage.projections() as projections:
        assert [line.filename for line in training_lines(projections)] == ["1.png", "5.png", "6.png"]
        [found] = sources(projections)
    assert (found.crops, found.with_box, found.with_size, found.images) == (4, 2, 2, 4)
    assert (found.first_at, found.last_at) == (stage.at(1), stage.at(4))


def test_an_image_cropped_elsewhere_and_again_here_is_two_lines(stage):
    stage.tell(f"log imports a/1.png box {BOX} size 640x480\n ann records a/1.png {BOX}\n ann withdraws a/1.png")
    with stage.projections() as projections:
        assert len(training_lines(projections)) == 1
    stage.tell(f"ann records a/1.png {BOX}")
    with stage.projections() as projections:
        assert len(training_lines(projections)) == 2


def test_lines_come_in_the_order_of_their_time_and_can_be_narrowed_to_a_project(stage):
    stage.tell(f"ann records a/2.png {BOX} project Q\n log imports a/1.png box {BOX} size 8x8 project P")
    with stage.projections() as projections:
        assert [line.filename for line in training_lines(projections)] == ["2.png", "1.png"]
        assert [line.filename for line in training_lines(projections, project="P")] == ["1.png"]
