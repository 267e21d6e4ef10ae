CREATE TABLE products (
    id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name  text    NOT NULL UNIQUE,
    cents integer NOT NULL CHECK (cents > 0),
    stock integer NOT NULL CHECK (stock >= 0)
);

INSERT INTO products (name, cents, stock) VALUES
    ('Tesseract',   4900, 12),
    ('Dodecahedron', 1250, 40),
    ('Klein bottle', 8900, 3);
