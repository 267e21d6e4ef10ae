"""A linear regression, fitted by gradient descent."""

import json
from dataclasses import asdict, dataclass
from statistics import fmean, pstdev


@dataclass
class Model:
    """Predicts a number from numbers. Each is scaled by the mean and spread it had in training."""

    features: list[str]
    means: list[float]
    spreads: list[float]
    weights: list[float]
    bias: float

    @classmethod
    def fit(cls, features, rows, targets, epochs=2000, rate=0.05):
        """Fits to rows of numbers and what they should give."""
        columns = list(zip(*rows))
        means = [fmean(column) for column in columns]
        spreads = [pstdev(column) or 1.0 for column in columns]
        model = cls(list(features), means, spreads, [0.0] * len(means), fmean(targets))
        scaled = [model._scaled(row) for row in rows]
        for _ in range(epochs):
            errors = [model._sum(row) - target for row, target in zip(scaled, targets)]
            for at in range(len(means)):
                model.weights[at] -= rate * fmean(error * row[at] for error, row in zip(errors, scaled))
            model.bias -= rate * fmean(errors)
        return model

    def predict(self, row):
        return self._sum(self._scaled(row))

    def score(self, rows, targets):
        """The share of the targets' variance that it explains: 1 is all of it."""
        mean = fmean(targets)
        missed = sum((self.predict(row) - target) ** 2 for row, target in zip(rows, targets))
        return 1 - missed / sum((target - mean) ** 2 for target in targets)

    def save(self, path):
        with open(path, "w") as file:
            json.dump(asdict(self), file)

    @classmethod
    def load(cls, path):
        with open(path) as file:
            return cls(**json.load(file))

    def _scaled(self, row):
        return [(value - mean) / spread for value, mean, spread in zip(row, self.means, self.spreads)]

    def _sum(self, scaled):
        return self.bias + sum(weight * value for weight, value in zip(self.weights, scaled))
