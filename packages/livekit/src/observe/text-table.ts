/** A plain table for a terminal: the first column to the left, numbers to the right, the last as it is with `textLast`. */
export function textTable(rows: readonly (readonly string[])[], textLast = false): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          if (textLast && column === columns - 1) return cell;
          return column === 0 && !textLast ? cell.padEnd(width) : cell.padStart(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
