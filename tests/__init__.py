"""Tests mirror gateway/; journeys and helpers lie beside them."""
