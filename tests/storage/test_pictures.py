"""What became of a file's picture is remembered, whatever it was: R42."""

from sqlalchemy import Connection, text

from storage import pictures
from storage.database import Database
from storage.pictures import PictureCopy

DIGEST = "a" * 64
MADE = PictureCopy("b" * 64, "image/png")


def enter(connection: Connection) -> None:
    connection.execute(text("INSERT INTO files VALUES (:digest, 1)"), {"digest": DIGEST})


def test_a_copy_is_found_again(database: Database) -> None:
    with database.transaction() as connection:
        enter(connection)
        before = pictures.find(connection, DIGEST)
        pictures.put(connection, DIGEST, MADE)

        assert before is None
        assert pictures.find(connection, DIGEST) == MADE


def test_a_later_answer_takes_the_place_of_the_earlier(database: Database) -> None:
    with database.transaction() as connection:
        enter(connection)
        pictures.put(connection, DIGEST, PictureCopy(reason="картинка повреждена"))
        pictures.put(connection, DIGEST, MADE)

        assert pictures.find(connection, DIGEST) == MADE
