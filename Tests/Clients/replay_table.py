"""The table of comparisons by file, dialect, client and kind of answer."""

import collections

KINDS = ["whole", "stream", "error"]


class Table:
    """How many of which comparisons passed, and what was left out why."""

    def __init__(self):
        self.rows = collections.defaultdict(lambda: {kind: [0, 0] for kind in KINDS})
        self.left_out = collections.defaultdict(list)

    def add(self, recording, way, passed):
        for row in ((recording.file, recording.dialect, way), ("all", recording.dialect, way)):
            cell = self.rows[row][recording.kind]
            cell[0] += passed
            cell[1] += 1

    def print(self):
        widths = (24, 13, 16, 9, 9, 9)
        titles = ("file", "recorded as", "client", *KINDS)
        print("\n" + "".join(title.ljust(width) for title, width in zip(titles, widths)))
        for row in sorted(self.rows, key=lambda row: (row[0] == "all", row)):
            cells = [f"{passed}/{asked}" if asked else "-" for passed, asked in self.rows[row].values()]
            print("".join(cell.ljust(width) for cell, width in zip((*row, *cells), widths)))
        for reason, places in sorted(self.left_out.items()):
            print(f"\nleft out, {reason}: {len(places)}\n  " + ", ".join(places))
