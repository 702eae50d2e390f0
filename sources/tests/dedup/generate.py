"""Writes documents/*.jsonl and pairs.tsv: python3 generate.py, in this directory.

The labels are judgements about AWS, written before and without the code that is measured with them:
`same` where one person would fix both by one piece of work, `different` where not.
"""

import json
import pathlib

import different
import same

HERE = pathlib.Path(__file__).parent
documents, pairs = {}, []
known, also_known = {}, {}

# Documents that state several problems: what they have in common with two others says nothing of those.
SEVERAL = {"shc-many/both", "s3-public-both/row", "s3-public-both/access", "s3-public-both/macie"}


def add(id, built):
    """Keeps a document; one that is there already goes by its first id."""
    path, context, document = built
    assert id not in documents and id not in also_known, id
    content = json.dumps(built)
    if content in known:
        also_known[id] = known[content]
        return known[content]
    known[content] = id
    documents[id] = {"id": id, "path": path, "context": context, "document": document}
    return id


def pair(left, right, label, rule, why):
    left, right = also_known.get(left, left), also_known.get(right, right)
    assert left in documents and right in documents, (left, right)
    assert left != right
    pairs.append((left, right, label, rule, why))


def problem(slug, rule, why, also=(), **docs):
    """Documents of one problem: the first is paired with each other, `also` lists more pairs."""
    full = lambda name: name if "/" in name else f"{slug}/{name.replace('_', '-')}"
    ids = [d if isinstance(d, str) else add(full(name), d) for name, d in docs.items()]
    named = dict(zip(docs, ids))
    for right in ids[1:]:
        pair(ids[0], right, "same", rule, why)
    for two in also:
        left, right = (named.get(name) or full(name) for name in two.split())
        pair(left, right, "same", rule, why)


def near(slug, miss, why, left, right):
    """Two documents that look alike and are not the same problem; each an id or a document."""
    ids = [d if isinstance(d, str) else add(f"{slug}/{side}", d) for d, side in ((left, "left"), (right, "right"))]
    pair(*ids, "different", miss, why)


same.write(problem)
different.write(near)

unordered = [frozenset(p[:2]) for p in pairs]
twice = {tuple(sorted(u)) for u in unordered if unordered.count(u) > 1}
assert not twice, twice

# What is the same as a third thing is the same: no label may contradict another.
leader = {}


def lead(id):
    while leader.setdefault(id, id) != id:
        id = leader[id]
    return id


for left, right, label, *_ in pairs:
    if label == "same" and not SEVERAL & {left, right}:
        leader[lead(left)] = lead(right)
for left, right, label, *_ in pairs:
    assert label == "same" or lead(left) != lead(right), (left, right)

by_file = {}
for id, document in documents.items():
    by_file.setdefault(document["path"], []).append(document)
(HERE / "documents").mkdir(exist_ok=True)
for path, found in by_file.items():
    lines = (json.dumps(d, ensure_ascii=False, separators=(",", ":")) for d in found)
    (HERE / "documents" / f"{path}.jsonl").write_text("\n".join(lines) + "\n")
header = "left\tright\tlabel\trule\twhy\n"
(HERE / "pairs.tsv").write_text(header + "".join("\t".join(p) + "\n" for p in pairs))
counts = {label: sum(p[2] == label for p in pairs) for label in ("same", "different")}
print(len(documents), "documents,", counts)
