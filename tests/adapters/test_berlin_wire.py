"""What the Berlin adapter writes and reads, and every malformed thing it refuses. No network."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.berlin import wire
from adapters.banks.berlin.wire import answers, reasons, signature
from adapters.banks.berlin.wire.status import STATUSES
from adapters.banks.berlin.wire.wrapping import Kind, Label, wrapped
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import Money
from gateway.ports import (
    Account,
    BankEvent,
    BankEventKind,
    Party,
    PaymentStatus,
    Payout,
    Unanswered,
    Unreachable,
    Unreadable,
)
from tests.adapters.berlin_scene import new_keys
