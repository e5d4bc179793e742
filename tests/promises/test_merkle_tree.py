"""The audit log's tree: roots, proofs of inclusion and growth, held against the standard's recursion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.auditing import tree


def naive(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return tree.EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return tree.node_hash(naive(leaves[:k]), naive(leaves[k:]))


def hashes(count: int) -> list[bytes]:
    return [tree.leaf_hash(bytes([number % 256, number // 256])) for number in range(count)]


def test_the_root_is_the_one_of_the_standard() -> None:
    """Known answers of RFC 9162's hashing: the empty tree, one empty entry, and the example of eight entries."""
    assert tree.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [tree.leaf_hash(bytes.fromhex(entry)) for entry in entries]
    assert tree.root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.integers(0, 70))
def test_the_growing_root_equals_the_recursion(count: int) -> None:
    """The root kept from full subtrees alone is the recursion's at every size."""
    growing = tree.Frontier()
    for size, leaf in enumerate(hashes(count)):
        assert (growing.size, growing.root) == (size, naive(hashes(size)))
        growing.append(leaf)
    assert growing.root == naive(hashes(count))


@given(st.data())
def test_inclusion_is_proved_and_nothing_else(data: st.DataObject) -> None:
    """Every entry's proof holds; with another entry, index, size, root or step it does not."""
    count = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, count - 1))
    leaves = hashes(count)
    path, root, leaf = tree.prove_inclusion(leaves, index), naive(leaves), leaves[index]
    assert tree.verify_inclusion(leaf, index, count, path, root)
    assert not tree.verify_inclusion(tree.leaf_hash(b"other"), index, count, path, root)
    assert not tree.verify_inclusion(leaf, index, count, path, tree.EMPTY_ROOT)
    assert not tree.verify_inclusion(leaf, index, count, [*path, leaf], root)
    if path:
        assert not tree.verify_inclusion(leaf, index, count, path[:-1], root)
        turned = [tree.leaf_hash(path[0]), *path[1:]]
        assert not tree.verify_inclusion(leaf, index, count, turned, root)
    for other in {index - 1, index + 1, count + index} - {index}:
        assert not tree.verify_inclusion(leaf, other, count, path, root)


@given(st.data())
def test_growth_is_proved_and_rewriting_is_not(data: st.DataObject) -> None:
    """A later tree proves that it only grew; a tree whose past was changed cannot."""
    count = data.draw(st.integers(0, 70))
    earlier = data.draw(st.integers(0, count))
    leaves = hashes(count)
    old, new = naive(leaves[:earlier]), naive(leaves)
    proof = tree.prove_consistency(leaves, earlier)
    assert tree.verify_consistency(earlier, old, count, new, proof)
    assert not tree.verify_consistency(earlier, tree.leaf_hash(b"x"), count, new, proof)
    assert not tree.verify_consistency(count + 1, old, count, new, proof)
    if earlier:
        changed = [tree.leaf_hash(b"changed"), *leaves[1:]]
        rewritten = tree.prove_consistency(changed, earlier)
        assert not tree.verify_consistency(earlier, old, count, naive(changed), rewritten)
    if 0 < earlier < count:
        assert not tree.verify_consistency(earlier, old, count, tree.leaf_hash(b"x"), proof)
        assert not tree.verify_consistency(earlier, old, count, new, proof[:-1])
        assert not tree.verify_consistency(earlier, old, count, new, [*proof, new])
