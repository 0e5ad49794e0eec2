"""Personal data leaves a text under placeholders; what support is about stays."""

import time
from collections.abc import Sequence

import pytest

from feedback.privacy import Masker, Person, group_names, mask_personal_data, read_public

NAMES = ("Ann Lee", "José Ortiz-Vega", "will", "Mark Chase", "bo")
DOCUMENTS = (
    "Call +44 161 496 0100 or write to help@larkspur.example. Send it to Unit 4, Mill Lane, Manchester M4 6BF.",
    "The Elena 3 is our smallest pump.",
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Write to ann.o'hara+robots@shop.example.com.", "Write to [email 1]."),
        ("<mailto:a@b.co|a@b.co> wrote", "[email 1] wrote"),
        ("tom (at) bank (dot) example", "[email 1]"),
        ("Call +44 20 7946 0958, please", "Call [phone 1], please"),
        ("(415) 555-0123 or 415-555-0124 or 1-800-555-0199x12", "[phone 1] or [phone 2] or [phone 3]"),
        ("0800 123 456; 020 7946 0958; 0171/1234567", "[phone 1]; [phone 2]; [phone 3]"),
        ("Je suis au 01 42 68 53 00 le matin", "Je suis au [phone 1] le matin"),
        ("my phone number is 4155550123", "my phone number is [phone 1]"),
        ("87789328 is my number", "[phone 1] is my number"),
        ("<tel:+14155550123|+1 415 555 0123>", "[phone 1]"),
        ("paid with 4111 1111 1111 1111", "paid with [card 1]"),
        ("to DE89 3704 0044 0532 0130 00 please", "to [iban 1] please"),
        ("from 81.2.69.142:8080 and 2001:db8::7334", "from [ip 1]:8080 and [ip 2]"),
        ("MAC 3C:5A:B4:12:9F:E0 or 001b.6384.45e6", "MAC [mac 1] or [mac 2]"),
        ("open https://anna:geheim@panel.example/start now", "open [url 1] now"),
        ("Ship it to 14 Elm Street, Leeds LS1 4AP.", "Ship it to [address 1]."),
        ("Die Pumpe steht in der Lindenallee 27b, 50968 Köln.", "Die Pumpe steht in der [address 1]."),
        ("Deliver to 679 Robert Cove\nNorth Williamview, IA 97471, thanks", "Deliver to [address 1], thanks"),
        ("Serial number KS2-88127-0441 is dead", "Serial number [serial 1] is dead"),
        ("SN 0098-2231-77 replaced 0098-2231-12", "SN [serial 1] replaced [serial 2]"),
        ("my customer number is 48392011", "my customer number is [id 1]"),
        ("password: Sommer2026! is refused", "password: [secret 1] is refused"),
        ('the passphrase is "Regen im Mai"', 'the passphrase is "[secret 1]"'),
        ("https://app.example/reset?token=Zk3mQ9xT7v", "https://app.example/reset?token=[secret 1]"),
        ("<@U123ABC> and <@W9|ann> know", "[name 1] and [name 2] know"),
        ("Ann's robot, ANN LEE and ann  lee", "[name 1]'s robot, [name 1] and [name 1]"),
        ("Ask @ann or José or Ortiz-Vega", "Ask [name 1] or [name 2] or [name 2]"),
        ("Lee, Ann wrote to @will", "[name 1] wrote to [name 2]"),
        ("Hi team, my name is Harriet Boyle.\nRegards,\nHarriet", "Hi team, my name is [name 1].\nRegards,\n[name 1]"),
        ("Mr Pemberton asked for Ms. Ito", "Mr [name 1] asked for Ms. [name 2]"),
    ],
)
def test_personal_data_is_masked_by_kind_and_the_same_is_masked_the_same(text: str, masked: str) -> None:
    assert mask_personal_data(text, NAMES) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Part LR-0420-118-2233 costs $1,299.00 and €1.299,00.",
        "Error E-1042 after firmware 10.4.2.1 at 192.168.100.1 on 2026-11-22 at 10:42:07.",
        "The robot of 20261122000137 cycles, order 555-1234, ticket #4155550123",
        "Speeds of 100 200 3000 rpm, 12-16 V, 5200 mAh, 0.800 123 kg, 1,234,567,890 cycles",
        "call error 1042337; call support for error 123456789; DNS is 8.8.8.8",
        "1234 5678 9012 3456 is on the box, as is 4111-1111-1111-1112",
        "Will it start? Mark the spot and bob the lees. An annual planner. May we call in May?",
        "RAL 7016, RAL 9005, Article 4006381333931, invoice from 3 May 2026",
        "25 Standard Drive units, 3 Square tubes, Street mode 3",
        "My password does not work, the PIN pad is loose, set token: true, the token expired",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8, id 550e8400-e29b-41d4-a716-446655440000",
        "Hello there, thanks team. Best regards from sunny Spain",
        "@here see robots@home and version 2@3",
        "",
    ],
)
def test_product_numbers_prices_codes_and_words_stay(text: str) -> None:
    assert mask_personal_data(text, NAMES) == text


def test_what_the_companys_documents_say_stays_however_it_is_written() -> None:
    masker = Masker(public=read_public(DOCUMENTS, ["larkspur-group.example"]))
    kept = "0161 496 0100, help@larkspur.example, ann@eu.larkspur-group.example; Unit 4, Mill Lane, Manchester M4 6BF"
    assert masker.mask(kept) == kept
    assert masker.mask("Not +44 161 496 0101 nor ann@home.example.") == "Not [phone 1] nor [email 1]."


def test_a_mail_host_that_the_documents_name_is_not_the_companys() -> None:
    public = read_public(["Write to larkspur@gmail.com."])
    assert Masker(public=public).mask("larkspur@gmail.com or me@gmail.com") == "larkspur@gmail.com or [email 1]"


def test_a_known_name_stays_only_where_it_is_quoted() -> None:
    masker = Masker(group_names(["Elena Rossi"]), read_public(DOCUMENTS))
    assert masker.mask("Is the Elena 3 small?", quoted=DOCUMENTS[1]) == "Is the Elena 3 small?"
    assert masker.mask("Is Elena small?") == "Is [name 1] small?"


def test_a_person_has_one_placeholder_in_all_texts_of_a_thread() -> None:
    masker = Masker([Person("U1", ("Ann Lee", "annie"))])
    assert masker.mask_all(["<@U1> asks", "Hi annie and Bo, this is Carla Diaz."]) == [
        "[name 1] asks",
        "Hi [name 1] and Bo, this is [name 2].",
    ]
    assert masker.mask("Did Carla thank Ann?") == "Did [name 2] thank [name 1]?"


def test_masking_twice_changes_nothing_and_numbers_go_on() -> None:
    once = mask_personal_data("Ann Lee, a@b.co, call 4155550123, 4111 1111 1111 1111", NAMES)
    assert once == "[name 1], [email 1], call [phone 1], [card 1]"
    assert mask_personal_data(once, NAMES) == once
    assert mask_personal_data(f"{once} José", NAMES) == f"{once} [name 2]"


def test_a_model_finds_names_that_no_word_gives_away_and_no_words_of_the_documents() -> None:
    text = "Gareth fitted the Kestrel to `Camel` and CloudWatch on May."

    def find_names(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        words = ("Gareth", "Kestrel", "Camel", "CloudWatch", "May")
        return [[(one.index(word), one.index(word) + len(word)) for word in words] for one in texts]

    masker = Masker(public=read_public(["The Kestrel 200 is a pump."]), find_names=find_names)
    assert masker.mask(text) == text.replace("Gareth", "[name 1]")


@pytest.mark.parametrize(
    "piece", ["1-", "a.", "+1 ", "'", "a@", "<mailto:", "call is ", "Ann ", "0 ", "4111 ", "(", "a:"]
)
def test_long_text_is_masked_in_good_time(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    began = time.process_time()
    mask_personal_data(text, NAMES)
    assert time.process_time() - began < 3
