-- What happened to staging since it was copied from production. Run on a copy
-- of the Chinook database (data/chinook/Chinook_Sqlite.sql) by
-- scripts/make-samples. Album, Artist, Employee, Genre and MediaType are as
-- they were.

PRAGMA foreign_keys = ON;
BEGIN;

-- Somebody tried another price on one track, and rounded three others.
UPDATE Track SET UnitPrice = 1.29 WHERE TrackId = 2819;
UPDATE Track SET UnitPrice = 1 WHERE TrackId BETWEEN 3 AND 5;

-- A composer was lost: NULL, which is not the empty text.
UPDATE Track SET Composer = NULL WHERE TrackId = 1;
UPDATE Track SET Composer = '' WHERE TrackId = 2;

-- A customer married, another one's e-mail was masked and an accent mangled.
UPDATE Customer SET LastName = 'Tremblay-Roy' WHERE CustomerId = 3;
UPDATE Customer SET Email = 'user1@example.com', LastName = 'Goncalves'
WHERE CustomerId = 1;

-- One invoice was deleted with its lines.
DELETE FROM InvoiceLine WHERE InvoiceId = 404;
DELETE FROM Invoice WHERE InvoiceId = 404;

-- One invoice was moved by an hour, as a wrong time zone does.
UPDATE Invoice SET InvoiceDate = datetime(InvoiceDate, '+1 hour')
WHERE InvoiceId = 98;

-- A playlist was added, and an entry moved from one list to another.
INSERT INTO Playlist (PlaylistId, Name) VALUES (19, 'Staging smoke test');
INSERT INTO PlaylistTrack (PlaylistId, TrackId)
VALUES (19, 1), (19, 2819), (19, 3503);
UPDATE PlaylistTrack SET PlaylistId = 17
WHERE PlaylistId = 18 AND TrackId = 597;

COMMIT;
