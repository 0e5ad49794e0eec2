"""Secrets inside of addresses."""

import pytest

from config.masking import mask_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+psycopg://chip:s3cr3t@db:5432/chip", "postgresql+psycopg://chip:****@db:5432/chip"),
        ("postgresql://chip:p@ss/w:rd@db/chip", "postgresql://chip:****@db/chip"),
        ("postgresql://db/chip?user=chip&password=s3cr3t", "postgresql://db/chip?user=chip&password=****"),
        ("http://bob:s3cr3t@gpu:8000/v1", "http://****@gpu:8000/v1"),
        ("https://oauth2:s3cr3t@git.example.com/docs.git", "https://****@git.example.com/docs.git"),
        ("https://s3cr3t:x-oauth-basic@git.example.com/docs.git", "https://****@git.example.com/docs.git"),
        ("https://s3cr3t@git.example.com/docs.git: not read", "https://****@git.example.com/docs.git: not read"),
        ("https://example.com/docs?private_token=s3cr3t#top", "https://example.com/docs?private_token=****#top"),
    ],
)
def test_what_lets_somebody_in_is_masked(text: str, shown: str) -> None:
    assert mask_secrets(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@git.example.com/docs.git",
        "git@git.example.com:docs.git",
        "https://example.com/a?page=2",
        "sqlite:///var/chip.db",
        "mail a@example.com or see https://example.com",
        "/srv/documents",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_secrets(text) == text
