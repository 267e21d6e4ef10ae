import tempfile
import unittest

from model import Model
from serve import predict

ROWS = [[area, rooms] for area in (30, 60, 90, 120) for rooms in (1, 2, 3)]
RENTS = [200 + 10 * area + 50 * rooms for area, rooms in ROWS]


class ModelTest(unittest.TestCase):
    def setUp(self):
        self.model = Model.fit(["area", "rooms"], ROWS, RENTS)

    def test_it_learns_a_line(self):
        self.assertAlmostEqual(self.model.predict([75, 2]), 200 + 10 * 75 + 50 * 2, places=1)
        self.assertGreater(self.model.score(ROWS, RENTS), 0.999)

    def test_it_is_the_same_after_a_rest(self):
        with tempfile.NamedTemporaryFile() as file:
            self.model.save(file.name)
            self.assertEqual(Model.load(file.name), self.model)

    def test_it_answers_queries(self):
        status, answer = predict(self.model, "area=75&rooms=2")
        self.assertEqual(status, 200)
        self.assertAlmostEqual(answer["prediction"], 1050, delta=1)
        for query in ["", "area=75", "area=x&rooms=2"]:
            self.assertEqual(predict(self.model, query)[0], 400, query)


if __name__ == "__main__":
    unittest.main()
