CREATE TABLE orders (
    id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id integer     NOT NULL REFERENCES products,
    quantity   integer     NOT NULL CHECK (quantity > 0),
    ordered_at timestamptz NOT NULL DEFAULT now()
);
