"""Numbers, dates and durations as a spreadsheet shows them."""

from datetime import date, datetime, time, timedelta

import pytest

from retrieval.reading.office.number_formats import show_moment, show_number


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("General", 0.1 + 0.2, "0.3"),
        ("General", 4006381333931, "4006381333931"),
        ("0.0%", 0.125, "12.5%"),
        ("0%", 0.075, "8%"),
        ('#,##0.00 "€"', 1000, "1,000.00 €"),
        ("#,##0.00 [$€-1]", -12.5, "-12.50 €"),
        ("[$£-809]#,##0.00", 5, "£5.00"),
        ('_-* #,##0.00\\ "€"_-;-* #,##0.00', 1234.5, "1,234.50 €"),
        ("$#,##0.00_);($#,##0.00)", -5, "($5.00)"),
        ("0000", 7, "0007"),
        ("00\\-00\\-00", 123456, "12-34-56"),
        ("0.##", 1, "1"),
        ("0.##", 1.5, "1.5"),
        ("#,##0.###", 1234.5678, "1,234.568"),
        ("0.00", 2.675, "2.68"),
        ('#,##0,"k"', 125000, "125k"),
        ("# ?/?", 2.5, "2 1/2"),
        ("0.00E+00", 12345, "1.23E+4"),
        ("[>=1000]#,##0;0", 1500, "1,500"),
        ("0;-0;;@", 0, ""),
        ('0 "days"', 14, "14 days"),
        ("d. mmmm yyyy", 46000, "9. December 2025"),
        ("m/d/yy", 46000, "2025-12-09"),
        ("[h]:mm", 1.5, "36:00"),
        ("h:mm AM/PM", 0.75, "6:00 PM"),
    ],
)
def test_a_number_is_shown_in_its_format(code: str, value: float, shown: str) -> None:
    assert show_number(value, code) == shown


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (datetime(2026, 1, 31), "yyyy-mm-dd h:mm:ss", "2026-01-31"),  # noqa: DTZ001
        (datetime(2026, 1, 31, 14, 30), "dd/mm/yyyy hh:mm", "2026-01-31 14:30"),  # noqa: DTZ001
        (date(2026, 3, 1), "mmmm yyyy", "March 2026"),
        (time(14, 30), "h:mm", "14:30"),
        (timedelta(days=1, hours=12), "[h]:mm", "36:00"),
        (timedelta(minutes=90), "[m]", "90"),
    ],
)
def test_a_moment_is_shown_in_its_format(value: datetime | date | time | timedelta, code: str, shown: str) -> None:
    assert show_moment(value, code) == shown
