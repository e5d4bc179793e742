"""Replies + Verdict -> Answer: masks first, then merging, order, provenance, and what the answer lacks."""

from gateway.shaping.shaper import Shaper

__all__ = ["Shaper"]
