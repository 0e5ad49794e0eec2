"""Tests of what finds personal data and takes it out."""
