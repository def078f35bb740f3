-- Where a site is (WGS 84), in millionths of a degree; 0, 0: nobody has said.

-- +goose Up
ALTER TABLE sites ADD COLUMN latitude_e6 BIGINT NOT NULL DEFAULT 0 CHECK (latitude_e6 BETWEEN -90000000 AND 90000000);
ALTER TABLE sites ADD COLUMN longitude_e6 BIGINT NOT NULL DEFAULT 0 CHECK (longitude_e6 BETWEEN -180000000 AND 180000000);
-- What the grid gives the site at most, in W; 0: nobody has said.
ALTER TABLE sites ADD COLUMN contracted_w BIGINT NOT NULL DEFAULT 0 CHECK (contracted_w >= 0);
