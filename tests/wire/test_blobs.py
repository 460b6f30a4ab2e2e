"""Lists of blocks, as clients of Blob Storage write them."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.wire.blobs import parse_block_list
from runfleet.wire.errors import WireError

BLOCK_IDS = st.binary(min_size=1, max_size=48).map(lambda name: base64.b64encode(name).decode())


@given(st.lists(BLOCK_IDS))
def test_ids_are_read_in_their_order(ids):
    root = ElementTree.Element("BlockList")
    for block_id in ids:
        ElementTree.SubElement(root, "Latest").text = block_id
    assert parse_block_list(ElementTree.tostring(root, encoding="utf-8")) == ids


@given(st.binary())
def test_what_is_no_list_is_refused(body):
    """Whatever it is."""
    with pytest.raises(WireError) as caught:
        parse_block_list(body)
    assert (caught.value.code, caught.value.status) == ("InvalidBlockList", 400)


def test_blocks_of_an_earlier_blob_are_not_known():
    """Only what has been uploaded since."""
    body = b"<BlockList><Committed>YQ==</Committed></BlockList>"
    with pytest.raises(WireError):
        parse_block_list(body)


def test_a_list_that_would_explode_is_refused():
    """Entities that stand for entities."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    body = f'<!DOCTYPE x [<!ENTITY e0 "x">{entities}]><BlockList><Latest>&e9;</Latest></BlockList>'
    with pytest.raises(WireError):
        parse_block_list(body.encode())
