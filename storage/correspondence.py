"""Everything of the register that the wording of a letter may need, in one read."""

from pydantic import TypeAdapter
from sqlalchemy import Connection, text

from domain.letter_facts import CaseFile

CASE_FILE: TypeAdapter[CaseFile] = TypeAdapter(CaseFile)

READ = text("""
SELECT requests.number, requests.kind, declared, requests.channel, name, address, is_verified,
       language, requests.subject, first.visible_text AS description, told, missing, follow_up_of,
       withheld, confirm_at, received_at, called_at, link_generation,
       EXISTS (SELECT FROM users WHERE users.id = requests.user_id
               AND lower(users.email) = lower(requests.address)) AS is_registered_address,
       EXISTS (SELECT FROM bounced_addresses AS bounced
               WHERE bounced.address = lower(requests.address)) AS is_bounced,
       coalesce((SELECT text FROM messages WHERE id = :text_id AND number = :number), '') AS words,
       coalesce((SELECT header_id FROM messages WHERE number = :number AND direction = 'in'
                 AND header_id <> '' ORDER BY id DESC LIMIT 1), '') AS in_reply_to,
       CASE WHEN first.header_id = '' THEN '{}' ELSE ARRAY[first.header_id] END AS references,
       coalesce((SELECT origin.number FROM messages AS origin WHERE origin.id =
                 CASE WHEN first.key LIKE 'split:%' THEN substr(first.key, 7)::bigint END),
                '') AS split_from,
       coalesce((SELECT jsonb_agg(jsonb_build_object('name', attachments.name,
                   'size_bytes', files.size, 'content_type', content_type) ORDER BY attachments.id)
                 FROM attachments JOIN files USING (digest)
                 WHERE attachments.message_id = first.id), '[]') AS files
FROM requests JOIN messages AS first ON first.id = requests.message_id
WHERE requests.number = :number
""")


def read(connection: Connection, number: str, text_id: int | None) -> CaseFile:
    """Return the case file of a registered ticket, with the words of that text if one is named."""
    row = connection.execute(READ, {"number": number, "text_id": text_id}).mappings().one()
    return CASE_FILE.validate_python(dict(row))
