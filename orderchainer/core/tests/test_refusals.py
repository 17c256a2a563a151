"""A refusal stays short, whatever was wrong with what the caller sent."""

from orderchainer.core.http.refusals import MAX_MESSAGE_LENGTH, MAX_NAME_LENGTH, shortened


def test_a_short_refusal_stays_as_it_is() -> None:
    errors = {
        "title": ["May not be blank."],
        "items": [{}, {"quantity": ["A number is required.", "Must be at least 1."]}],
        "recipient": {"phone": ["Write the phone number."]},
    }
    assert shortened(errors) == errors
    assert shortened({}) == {}


def test_of_many_messages_the_first_hundred_are_named() -> None:
    short = shortened({f"key_{number}": ["There is no such key."] for number in range(20_000)})

    assert len(short) == 101
    assert list(short)[:2] == ["key_0", "key_1"]
    assert short["body"] == ["And 19900 more messages like these."]


def test_a_long_list_with_wrong_items_is_cut() -> None:
    short = shortened(
        {"items": [{}, *[{"quantity": ["Must be at least 1."]}] * 5000], "note": ["Too long."]}
    )

    assert len(short["items"]) == 101
    assert short["items"][:2] == [{}, {"quantity": ["Must be at least 1."]}]
    assert short["body"] == ["And 4901 more messages like these."]
    assert "note" not in short


def test_messages_about_the_body_stay_beside_the_count() -> None:
    short = shortened({"body": ["Unknown."] * 150})
    assert len(short["body"]) == 101
    assert short["body"][-1] == "And 50 more messages like these."


def test_long_names_and_messages_are_cut() -> None:
    short = shortened({"n" * 5000: ["m" * 5000]})

    ((name, (message,)),) = short.items()
    assert len(name) == MAX_NAME_LENGTH + 1
    assert len(message) == MAX_MESSAGE_LENGTH + 1
