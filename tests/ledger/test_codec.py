"""Events as JSON: frozen samples, two decoders that agree, and refusals that name the field.

The samples in `golden/` are never edited: what was written once must be readable for ever. A new schema gets a new
file beside the old one.
"""

import json
import math
from pathlib import Path
from typing import get_args, get_origin

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import codec
from ledger.codec import READERS, decode, encode, structure
from ledger.errors import Damaged, Invalid
from ledger.events.catalogue import ALL, BY_TYPE
from ledger.events.crops import CropExecuted, CropFailed, CropRecorded, CropWithdrawn
from ledger.events.event import Event
from ledger.exactness import CHECK_THEMSELVES, surely_reads_back
from ledger.upcast import STEPS, upcast
from ledger.values import MAX_SIDE_PX, Box, Dimensions, PixelBox, Suggestion

GOLDEN = Path(__file__).with_name("golden")
SAMPLES = sorted(GOLDEN.glob("*.json"))


def of_sample(path):
    type_, schema, _ = path.name.rsplit(".", 2)
    return type_, int(schema.removeprefix("v"))


# -- golden samples


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_what_was_written_once_still_decodes(path):
    type_, schema = of_sample(path)
    event = decode(type_, schema, path.read_text())
    assert type(event) is BY_TYPE[type_]
    if schema == event.SCHEMA:
        assert encode(event) == path.read_text().strip()
        assert structure(type_, json.loads(path.read_text())) == event


def test_every_event_type_has_a_sample_of_every_schema_up_to_its_own():
    wanted = {(event.TYPE, schema) for event in ALL for schema in range(1, event.SCHEMA + 1)}
    assert {of_sample(path) for path in SAMPLES} == wanted


def test_a_sample_fills_every_field():
    for path in SAMPLES:
        type_, _ = of_sample(path)
        if type_ != "image.restored":  # has nothing but a reason, which is absent here on purpose
            assert None not in json.loads(path.read_text()).values(), path.name


def test_every_step_that_is_needed_to_read_an_old_schema_exists():
    assert set(STEPS) == {(event.TYPE, schema) for event in ALL for schema in range(1, event.SCHEMA)}


# -- the two decoders agree

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
numbers = st.integers(-(2**63), 2**64 - 1)
fractions = st.floats(0, 1)


@st.composite
def ordered(draw, elements):
    return draw(st.lists(elements, min_size=2, max_size=2, unique=True).map(sorted))


@st.composite
def boxes(draw):
    (x1, x2), (y1, y2) = draw(ordered(fractions)), draw(ordered(fractions))
    return Box(x1, y1, x2, y2)


@st.composite
def pixel_boxes(draw):
    (left, right), (top, bottom) = draw(ordered(st.integers(0, 30_000))), draw(ordered(st.integers(0, 30_000)))
    return PixelBox(left, top, right, bottom)


sides = st.integers(1, MAX_SIDE_PX)
OF_KIND = {
    str: texts,
    int: numbers,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    Box: boxes(),
    PixelBox: pixel_boxes(),
    Dimensions: st.builds(Dimensions, sides, sides),
    Suggestion: st.builds(Suggestion, boxes(), st.none() | fractions, st.none() | texts),
}


def anything_of(kind):
    """Values of an annotation, as the events use them."""
    if kind in OF_KIND:
        return OF_KIND[kind]
    if get_origin(kind) is tuple:
        return st.lists(anything_of(get_args(kind)[0]), max_size=3).map(tuple)
    if get_args(kind):
        return st.one_of([anything_of(one) for one in get_args(kind)])
    return st.builds(kind, **{field.name: anything_of(field.type) for field in attrs.fields(kind)})


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.TYPE)
@given(data=st.data())
def test_the_quick_decoder_equals_the_schema_on_all_that_is_written(kind, data):
    event = data.draw(anything_of(kind))
    text = encode(event)
    quick, careful = READERS[kind.TYPE, kind.SCHEMA](text), structure(kind.TYPE, json.loads(text))
    assert quick == careful == event
    assert repr(quick) == repr(careful)  # equal, and of the same kinds: 1 is not 1.0, a list is not a tuple
    assert encode(quick) == text


def test_canonical_text_has_sorted_keys_and_no_blanks():
    text = encode(CropFailed("r", 1, "missing", "ü gone", final=True))
    assert text == '{"attempt":1,"final":true,"message":"ü gone","reason":"missing","retry_after_s":null,"run":"r"}'
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# -- what cannot be read back is not written


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_does_not_have_is_refused(value):
    with pytest.raises(Invalid, match=r"crop\.failed"):
        encode(CropFailed("r", 1, "missing", "gone", final=False, retry_after_s=value))
    with pytest.raises(Invalid, match=r"crop\.executed"):
        encode(attrs.evolve(decode("crop.executed", 1, golden("crop.executed")), elapsed_ms=value))


@pytest.mark.parametrize("reason", ["a\udcffb", 5, ["x"], b"x", object()])
def test_a_text_that_is_none_is_refused(reason):
    with pytest.raises(Invalid, match=r"crop\.withdrawn"):
        encode(CropWithdrawn(reason))


def test_an_event_outside_the_catalogue_is_refused():
    @attrs.frozen
    class Made(Event):
        TYPE = "made.up"

    with pytest.raises(Invalid, match=r"made\.up"):
        encode(Made())


def test_an_event_that_borrows_anothers_type_is_refused():
    @attrs.frozen
    class Borrowed(Event):
        TYPE = "crop.withdrawn"
        reason: str | None = None

    with pytest.raises(Invalid, match=r"crop\.withdrawn"):
        encode(Borrowed("late"))


# -- what need not be read back


def test_every_sample_is_written_without_reading_it_back():
    for path in SAMPLES:
        event = decode(*of_sample(path), path.read_text())
        assert surely_reads_back(event), path.name


ODD = st.sampled_from(
    [None, True, 5, 2**63, -(2**63) - 1, 0.5, math.nan, math.inf, -0.0, "x", b"x", (), ("x",), (5,), ["x"], object()]
)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.TYPE)
@given(data=st.data())
def test_what_is_called_sure_does_read_back(kind, data):
    """Fields are swapped for values of any kind: whatever the check then still calls sure must come back equal."""
    event = data.draw(anything_of(kind))
    names = data.draw(st.lists(st.sampled_from(["-", *(field.name for field in attrs.fields(kind))]), max_size=2))
    for name in set(names) - {"-"}:
        inner = getattr(event, name)
        if attrs.has(type(inner)) and type(inner) not in CHECK_THEMSELVES and data.draw(st.booleans()):
            object.__setattr__(inner, attrs.fields(type(inner))[0].name, data.draw(ODD))
        else:
            object.__setattr__(event, name, data.draw(ODD))
    if surely_reads_back(event):
        text = msgspec.json.encode(event, order="sorted").decode()
        back = READERS[kind.TYPE, kind.SCHEMA](text)
        assert back == event
        assert repr(back) == repr(event)


@pytest.mark.parametrize("kind", CHECK_THEMSELVES)
@given(data=st.data())
def test_what_checks_itself_is_made_of_nothing_that_would_not_read_back(kind, data):
    sound = st.floats(0, 1) | st.integers(0, 2**70)
    try:
        value = kind(*[data.draw(ODD | sound) for _ in attrs.fields(kind)])
    except Invalid:
        return
    assert repr(msgspec.json.decode(msgspec.json.encode(value), type=kind)) == repr(value)


def test_a_kind_of_field_that_is_not_known_is_never_called_sure():
    @attrs.frozen
    class Odd:
        pairs: dict[str, int]

    assert not surely_reads_back(Odd({}))


# -- what comes from outside


def golden(type_):
    return (GOLDEN / f"{type_}.v1.json").read_text()


def fields():
    for event in ALL:
        for name in json.loads(golden(event.TYPE)):
            yield pytest.param(event, name, id=f"{event.TYPE}-{name}")


@pytest.mark.parametrize(("event", "name"), [*fields()])
def test_a_value_of_the_wrong_kind_is_refused_with_its_field(event, name):
    payload = json.loads(golden(event.TYPE))
    wrong = [5, True, "text", 0.5, ["x", 5], {"a": 1}, None]
    accepted = []
    for value in wrong:
        try:
            structure(event.TYPE, {**payload, name: value})
        except Invalid as error:
            assert name in str(error), error  # noqa: PT017  # which values are refused is asserted below
        else:
            accepted.append(value)
    field = attrs.fields_dict(event)[name].type
    fitting = {str: ["text"], int: [5], float: [5, 0.5], bool: [True], Dimensions: [], Box: []}
    fitting |= {kind | None: [*values, None] for kind, values in fitting.items()}
    fitting[Suggestion | None] = [None]
    assert repr(accepted) == repr([value for value in wrong if any(value is one for one in fitting.get(field, []))])


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.TYPE)
def test_a_field_that_is_missing_or_unknown_is_refused_by_name(event):
    payload = json.loads(golden(event.TYPE))
    for field in attrs.fields(event):
        rest = {name: value for name, value in payload.items() if name != field.name}
        if field.default is attrs.NOTHING:
            with pytest.raises(Invalid, match=field.name):
                structure(event.TYPE, rest)
        else:
            assert structure(event.TYPE, rest) is not None
    with pytest.raises(Invalid, match="surprise"):
        structure(event.TYPE, {**payload, "surprise": 1})


@pytest.mark.parametrize("inner", ["box", "dimensions", "suggestion"])
def test_a_field_that_is_unknown_inside_a_value_is_refused_by_name(inner):
    payload = json.loads(golden("crop.recorded"))
    payload[inner]["surprise"] = 1
    with pytest.raises(Invalid, match="surprise"):
        structure("crop.recorded", payload)


def test_values_check_themselves_on_the_way_in():
    payload = json.loads(golden("crop.recorded"))
    payload["box"]["x2"] = 0.0
    with pytest.raises(Invalid, match="reversed or empty"):
        structure("crop.recorded", payload)


@pytest.mark.parametrize("payload", [None, [], "x", 5])
def test_a_payload_that_is_no_object_is_refused(payload):
    with pytest.raises(Invalid):
        structure("crop.recorded", payload)


def test_an_unknown_type_is_refused_with_those_that_are_known():
    with pytest.raises(Invalid, match=r"crop\.nonsense.*crop\.recorded"):
        structure("crop.nonsense", {})


# -- what cannot be decoded


@pytest.mark.parametrize(
    ("type_", "schema", "data", "why"),
    [
        ("crop.recorded", 1, "{", "cannot be read"),
        ("crop.recorded", 1, "[]", "cannot be read"),
        ("crop.withdrawn", 1, '{"reason":5}', "cannot be read"),
        ("crop.unheard", 1, "{}", "newer version"),
        ("crop.recorded", 99, "{}", "newer than 1"),
        ("crop.recorded", 0, "{}", "no step"),
    ],
)
def test_what_cannot_be_decoded_is_damage(type_, schema, data, why):
    with pytest.raises(Damaged, match=why):
        decode(type_, schema, data)


# -- older schemas


STEPS_MADE_UP = {
    ("thing", 1): lambda payload: {**payload, "colour": "red"},
    ("thing", 2): lambda payload: {name: value for name, value in payload.items() if name != "size"},
    ("gapped", 1): lambda payload: payload,
    ("gapped", 3): lambda payload: payload,
}


def test_each_step_leads_from_one_schema_to_the_next():
    assert upcast("thing", 1, 3, {"size": 1}, STEPS_MADE_UP) == {"colour": "red"}
    assert upcast("thing", 2, 3, {"size": 1, "colour": "blue"}, STEPS_MADE_UP) == {"colour": "blue"}
    assert upcast("thing", 3, 3, {"size": 1}, STEPS_MADE_UP) == {"size": 1}


def test_a_missing_step_is_damage_and_named():
    with pytest.raises(Damaged, match="no step reads gapped schema 2 as 3"):
        upcast("gapped", 1, 4, {}, STEPS_MADE_UP)


@pytest.fixture
def newer_withdrawal(monkeypatch):
    """`crop.withdrawn` as if a second schema had given its field another name."""
    monkeypatch.setattr(CropWithdrawn, "SCHEMA", 2)
    readers = {("crop.withdrawn", 2): msgspec.json.Decoder(CropWithdrawn).decode}
    monkeypatch.setattr(codec, "READERS", readers)

    def step(payload):
        return {"reason": payload["why"].strip()}

    monkeypatch.setattr(codec, "upcast", lambda *given_: upcast(*given_, {("crop.withdrawn", 1): step}))


@pytest.mark.usefixtures("newer_withdrawal")
def test_an_entry_of_an_older_schema_reads_as_todays_event():
    assert decode("crop.withdrawn", 1, '{"why":" late "}') == CropWithdrawn("late")
    assert decode("crop.withdrawn", 2, '{"reason":"late"}') == CropWithdrawn("late")


@pytest.mark.usefixtures("newer_withdrawal")
@pytest.mark.parametrize("data", ["{}", '{"why":5}', '{"why":null}', "[]", '"x"', "{"])
def test_an_old_payload_that_its_step_cannot_read_is_damage(data):
    with pytest.raises(Damaged, match="schema 1 cannot be read"):
        decode("crop.withdrawn", 1, data)


def test_the_catalogue_has_each_type_once_and_every_class_a_sentence():
    assert len(BY_TYPE) == len(ALL)
    for event in ALL:
        assert event.__doc__.strip().endswith("."), event
    assert CropRecorded in ALL
    assert CropExecuted in ALL
