"""Trains the model on the data, and keeps it."""

import csv
import os

from model import Model

TARGET = "rent"


def read(path):
    """The names of the features, their rows, and the targets."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    features = [name for name in rows[0] if name != TARGET]
    return features, [[float(row[name]) for name in features] for row in rows], [float(row[TARGET]) for row in rows]


def main():
    features, rows, targets = read(os.environ["DATA"])
    # Every fifth row is kept back to see how the model does on what it has not seen.
    seen = [at for at in range(len(rows)) if at % 5]
    unseen = [at for at in range(len(rows)) if not at % 5]
    pick = lambda values, places: [values[at] for at in places]
    epochs = int(os.environ.get("EPOCHS", "2000"))
    model = Model.fit(features, pick(rows, seen), pick(targets, seen), epochs)
    score = model.score(pick(rows, unseen), pick(targets, unseen))
    model.save(os.environ["MODEL"])
    print(f"Trained on {len(seen)} rows; explains {score:.0%} of the variance of {len(unseen)} others.")


if __name__ == "__main__":
    main()
