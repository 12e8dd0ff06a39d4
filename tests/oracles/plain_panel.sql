-- Every feature by its plain definition: for each customer and date, the rows known by that date, counted and summed.
-- Given: the canonical tables, movements, defaults, rating_scales, sector_statistics;
-- grid (customer_id, t, a1 … a36): each customer on each date t from its first act on; a3 = the date 3 months
-- before t;
-- ago (t, k, day): the date k months before t; days (day): all of these dates.
-- One month = 365/12 days. "known" = the later of the day of the act and the day it was recorded. Money in minor units.

CREATE MACRO ratio(part, whole) AS CASE WHEN whole > 0 THEN part::DOUBLE / whole::DOUBLE END;
CREATE MACRO months(later, earlier) AS (later - earlier)::DOUBLE / 365 * 12;

-- what happened
-- -------------
CREATE TABLE moves AS
SELECT customer_id, invoice_id, item_id, movement_code AS code, known_date::DATE AS known,
       effective_date::DATE AS effective, invoice_date::DATE AS issued, due_date::DATE AS due,
       invoice_kind_code AS kind, base_minor AS minor
FROM movements;

CREATE TABLE items AS SELECT * FROM moves WHERE code = 'invoice';

CREATE TABLE receipts AS
SELECT m.customer_id, m.known, -m.minor AS amount, m.due IS NOT NULL AS dated,
       CASE WHEN m.effective > m.due THEN m.effective - m.due ELSE 0 END AS days_late,
       m.effective - m.issued AS days_to_pay,
       (SELECT sum(o.minor) FROM moves o WHERE o.item_id = m.item_id AND o.known <= m.known) > 0 AS leaves_open
FROM moves m WHERE m.code = 'payment' AND m.minor < 0;

-- items that fell due, and items whose 30th day after the due date passed, on the day this was known
CREATE TABLE falls AS
SELECT i.customer_id, d.days, i.minor AS amount, greatest(i.due + d.days + 1, i.known) AS day,
       (SELECT sum(o.minor) FROM moves o
        WHERE o.item_id = i.item_id AND o.known <= greatest(i.due + d.days + 1, i.known)
        AND (o.code = 'invoice' OR o.effective <= i.due + d.days)) > 0 AS late
FROM items i, (VALUES (0), (30)) d (days) WHERE i.due IS NOT NULL;

CREATE TABLE sales AS
SELECT customer_id, invoice_id, known, minor AS amount, due - issued AS terms FROM items WHERE kind <> 'opening_item';

CREATE TABLE spells AS SELECT customer_id, default_date::DATE AS day FROM defaults;

CREATE TABLE peers AS  -- the customer's name, its place, and the first day anything of it was known
SELECT c.customer_id, c.sector_code AS sector, c.country_code AS country, c.group_id AS "group",
       c.relationship_start_date::DATE AS since, f.day AS first_day
FROM customers c LEFT JOIN first_acts f USING (customer_id);

-- the account on every day that is asked
-- --------------------------------------
CREATE TABLE open_items AS
SELECT d.day, m.customer_id, m.item_id, any_value(m.due) AS due, greatest(sum(m.minor), 0) AS minor  -- paid too much: 0
FROM days d JOIN moves m ON m.known <= d.day GROUP BY ALL;

CREATE TABLE accounts AS
SELECT p.customer_id, d.day,
       coalesce(sum(i.minor), 0) AS open,
       coalesce(sum(i.minor) FILTER (i.due < d.day), 0) AS overdue,
       coalesce(sum(i.minor) FILTER (i.due + 30 < d.day), 0) AS overdue_30,
       coalesce(sum(i.minor) FILTER (i.due + 60 < d.day), 0) AS overdue_60,
       coalesce(sum(i.minor) FILTER (i.due + 90 < d.day), 0) AS overdue_90,
       coalesce(sum(i.minor * (d.day - i.due)) FILTER (i.due < d.day), 0) AS overdue_days,
       count(*) FILTER (i.minor > 0) AS n_open,
       max(d.day - i.due) FILTER (i.minor > 0 AND i.due < d.day) AS oldest_days
FROM peers p CROSS JOIN days d LEFT JOIN open_items i ON i.customer_id = p.customer_id AND i.day = d.day
GROUP BY p.customer_id, d.day;

CREATE TABLE monthly AS  -- sales of the single months before t; k = 0 is the month that ends on t
SELECT g.customer_id, g.t, a.k, coalesce(sum(s.amount), 0) AS sold, count(s.amount) AS n_sold
FROM grid g JOIN ago a ON a.t = g.t AND a.k < 12 JOIN ago b ON b.t = g.t AND b.k = a.k + 1
LEFT JOIN sales s ON s.customer_id = g.customer_id AND s.known > b.day AND s.known <= a.day
GROUP BY g.customer_id, g.t, a.k;

CREATE MACRO sold(c, after, until) AS
    coalesce((SELECT sum(amount) FROM sales s WHERE s.customer_id = c AND s.known > after AND s.known <= until), 0);
CREATE MACRO n_sold(c, after, until) AS
    (SELECT count(DISTINCT invoice_id) FROM sales s WHERE s.customer_id = c AND s.known > after AND s.known <= until);

-- delay
-- -----
CREATE MACRO mean_late(c, after, until) AS
    (SELECT ratio(sum(amount * days_late), sum(amount)) FROM receipts r
     WHERE r.customer_id = c AND r.known > after AND r.known <= until AND r.dated);
CREATE MACRO late_share(c, after, until, n) AS
    (SELECT ratio(count(*) FILTER (late), count(*)) FROM falls f
     WHERE f.customer_id = c AND f.days = n AND f.day > after AND f.day <= until);

CREATE TABLE delay AS SELECT g.customer_id, g.t,
    mean_late(g.customer_id, g.a3, g.t) AS days_late_mean_3m,
    mean_late(g.customer_id, g.a6, g.t) AS days_late_mean_6m,
    mean_late(g.customer_id, g.a12, g.t) AS days_late_mean_12m,
    mean_late(g.customer_id, g.a3, g.t) - mean_late(g.customer_id, g.a12, g.t) AS days_late_change_3m,
    mean_late(g.customer_id, g.a3, g.t) - mean_late(g.customer_id, g.a6, g.a3) AS days_late_trend_3m,
    (SELECT CASE WHEN count(*) >= 3 THEN stddev_pop(days_late) END FROM receipts r
     WHERE r.customer_id = g.customer_id AND r.known > g.a12 AND r.known <= g.t AND r.dated) AS days_late_spread_12m,
    (SELECT ratio(sum(amount * days_to_pay), sum(amount)) FROM receipts r
     WHERE r.customer_id = g.customer_id AND r.known > g.a12 AND r.known <= g.t) AS days_to_pay_mean_12m,
    late_share(g.customer_id, g.a3, g.t, 0) AS late_ratio_3m,
    late_share(g.customer_id, g.a12, g.t, 0) AS late_ratio_12m,
    late_share(g.customer_id, g.a3, g.t, 0) - late_share(g.customer_id, g.a12, g.t, 0) AS late_ratio_change_3m,
    late_share(g.customer_id, g.a12, g.t, 30) AS late_30_ratio_12m,
    ratio(coalesce((SELECT -sum(minor) FROM moves m  -- net of what was returned
                    WHERE m.customer_id = g.customer_id AND m.code = 'payment'
                    AND m.known > g.a3 AND m.known <= g.t), 0),
          (SELECT sum(amount) FROM falls f
           WHERE f.customer_id = g.customer_id AND f.days = 0 AND f.day > g.a3 AND f.day <= g.t)
         ) AS paid_to_due_ratio_3m,
    (SELECT ratio(count(*) FILTER (leaves_open), count(*)) FROM receipts r
     WHERE r.customer_id = g.customer_id AND r.known > g.a6 AND r.known <= g.t) AS partial_ratio_6m,
    g.t - (SELECT max(known) FROM receipts r
           WHERE r.customer_id = g.customer_id AND r.known <= g.t) AS days_since_receipt
FROM grid g;

-- ageing
-- ------
CREATE TABLE ageing AS SELECT g.customer_id, g.t,
    ratio(now.overdue, now.open) AS overdue_ratio,
    ratio(now.overdue_30, now.open) AS overdue_30_ratio,
    ratio(now.overdue_60, now.open) AS overdue_60_ratio,
    ratio(now.overdue_90, now.open) AS overdue_90_ratio,
    12 * ratio(now.overdue, sold(g.customer_id, g.a12, g.t)) AS overdue_to_sales_months,
    CASE WHEN now.open > 0 THEN coalesce(now.oldest_days, 0) END AS overdue_max_days,
    CASE WHEN now.open > 0 THEN coalesce(ratio(now.overdue_days, now.overdue), 0) END AS overdue_mean_days,
    ratio(now.overdue, now.open) - ratio(before.overdue, before.open) AS overdue_change_3m,
    (SELECT CASE WHEN count(*) FILTER (x.open > 0) = 6 THEN regr_slope(ratio(x.overdue, x.open), -a.k) END
     FROM ago a JOIN accounts x ON x.day = a.day
     WHERE a.t = g.t AND a.k < 6 AND x.customer_id = g.customer_id) AS overdue_slope_6m,
    (SELECT count(*) FROM ago a JOIN accounts x ON x.day = a.day
     WHERE a.t = g.t AND a.k < 12 AND x.customer_id = g.customer_id AND x.overdue_30 > 0) AS overdue_30_months_12m
FROM grid g
JOIN accounts now ON now.customer_id = g.customer_id AND now.day = g.t
JOIN accounts before ON before.customer_id = g.customer_id AND before.day = g.a3;

-- limits, own and insurer
-- -----------------------
CREATE TABLE decisions AS
SELECT customer_id, limit_id, limit_kind_code AS kind,
       start_date::DATE AS start, greatest(start_date, recorded_date)::DATE AS known, end_date::DATE AS ended,
       base_minor AS amount, requested_minor AS requested
FROM limits;

CREATE MACRO in_force(c, k, on_day) AS  -- the last that started and has not ended; of the same start the one known last
    (SELECT max({'start': start, 'known': known, 'id': limit_id, 'amount': amount, 'requested': requested})
     FROM decisions l WHERE l.customer_id = c AND l.kind = k AND l.known <= on_day
     AND (l.ended IS NULL OR l.ended >= on_day));

CREATE TABLE own_limits AS  -- the larger of the lasting and the temporary one
SELECT p.customer_id, d.day, greatest(in_force(p.customer_id, 'internal', d.day).amount,
                                      in_force(p.customer_id, 'temporary', d.day).amount) AS amount
FROM peers p CROSS JOIN days d;

CREATE TABLE turns AS  -- days on which the insurer's limit in force may change: before and after
SELECT c.customer_id, c.day, in_force(c.customer_id, 'insurer', c.day - 1) AS old,
       in_force(c.customer_id, 'insurer', c.day) AS new
FROM (SELECT customer_id, known AS day FROM decisions WHERE kind = 'insurer'
      UNION SELECT customer_id, ended + 1 FROM decisions WHERE kind = 'insurer' AND ended IS NOT NULL) c;

CREATE TABLE cuts AS
SELECT customer_id, day FROM turns
WHERE (new.known = day AND (new.amount = 0 OR new.amount < old.amount)) OR (old.amount > 0 AND new IS NULL);

-- exposure
-- --------
-- receipts and credit notes with what happened to them; a returned payment belongs to the one it returns
CREATE TABLE on_account AS
SELECT 'payment:' || coalesce(reversal_of_id, payment_id) AS source, greatest(value_date, recorded_date)::DATE AS known,
       amount_minor AS minor FROM payments
UNION ALL
SELECT 'credit_note:' || credit_note_id, greatest(credit_note_date, recorded_date)::DATE, gross_minor FROM credit_notes
UNION ALL
SELECT a.source_code || ':' || coalesce(p.reversal_of_id, a.source_id),
       greatest(a.effective_date, a.recorded_date, i.invoice_date, i.recorded_date)::DATE, -a.amount_minor
FROM allocations a JOIN invoices i USING (invoice_id) LEFT JOIN payments p ON p.payment_id = a.source_id
WHERE a.source_code IN ('payment', 'credit_note') AND a.source_id IS NOT NULL;

CREATE TABLE sources AS
SELECT 'payment:' || payment_id AS source, customer_id, base_minor::DOUBLE / amount_minor AS rate FROM payments
WHERE reversal_of_id IS NULL
UNION ALL
SELECT 'credit_note:' || credit_note_id, customer_id, base_minor::DOUBLE / gross_minor FROM credit_notes;

CREATE TABLE unapplied AS
SELECT customer_id, day, sum(rest) AS amount FROM (
    SELECT s.customer_id, d.day, greatest(round_even(sum(o.minor) * any_value(s.rate), 0), 0)::BIGINT AS rest
    FROM sources s JOIN on_account o USING (source) JOIN days d ON o.known <= d.day
    GROUP BY s.source, s.customer_id, d.day)
GROUP BY ALL;

-- month by month backwards: the amount left to explain before the month, and the share of the month it takes
CREATE TABLE countback AS
SELECT customer_id, t, sum(CASE WHEN open - newer <= 0 THEN 0 WHEN sold <= open - newer THEN 1
                           ELSE (open - newer)::DOUBLE / sold::DOUBLE END) * 365 / 12 AS days
FROM (SELECT m.customer_id, m.t, m.sold, x.open, coalesce(sum(m.sold) OVER (PARTITION BY m.customer_id, m.t ORDER BY m.k
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer
      FROM monthly m JOIN accounts x ON x.customer_id = m.customer_id AND x.day = m.t)
GROUP BY ALL;

CREATE MACRO terms(c, after, until) AS
    (SELECT ratio(sum(amount * terms), sum(amount)) FROM sales s
     WHERE s.customer_id = c AND s.known > after AND s.known <= until AND terms IS NOT NULL);

CREATE TABLE exposure AS SELECT g.customer_id, g.t,
    12 * ratio(now.open, sold(g.customer_id, g.a12, g.t)) AS open_to_sales_months,
    (SELECT ratio(12 * now.open, sum(x.open)) FROM ago a JOIN accounts x ON x.day = a.day
     WHERE a.t = g.t AND a.k < 12 AND x.customer_id = g.customer_id) AS open_to_mean_ratio_12m,
    CASE WHEN sold(g.customer_id, g.a12, g.t) > 0 THEN c.days END AS dso_countback_days,
    ratio(now.open, own.amount) AS limit_use_ratio,
    (SELECT max(ratio(x.open, l.amount))
     FROM ago a JOIN accounts x ON x.day = a.day
     JOIN own_limits l ON l.customer_id = x.customer_id AND l.day = x.day
     WHERE a.t = g.t AND a.k < 6 AND x.customer_id = g.customer_id) AS limit_use_max_ratio_6m,
    CASE WHEN own.amount IS NOT NULL THEN
        (SELECT count(*)
         FROM ago a JOIN accounts x ON x.day = a.day
         JOIN own_limits l ON l.customer_id = x.customer_id AND l.day = x.day
         WHERE a.t = g.t AND a.k < 12 AND x.customer_id = g.customer_id AND x.open > l.amount)
    END AS over_limit_months_12m,
    ratio(coalesce(u.amount, 0), now.open) AS unapplied_ratio,
    terms(g.customer_id, g.a12, g.t) AS terms_days_mean_12m,
    terms(g.customer_id, g.a3, g.t) - terms(g.customer_id, g.a12, g.t) AS terms_days_change_3m
FROM grid g
JOIN accounts now ON now.customer_id = g.customer_id AND now.day = g.t
JOIN own_limits own ON own.customer_id = g.customer_id AND own.day = g.t
JOIN countback c ON c.customer_id = g.customer_id AND c.t = g.t
LEFT JOIN unapplied u ON u.customer_id = g.customer_id AND u.day = g.t;

-- sales
-- -----
CREATE TABLE rhythm AS SELECT g.customer_id, g.t,
    4 * ratio(sold(g.customer_id, g.a3, g.t), sold(g.customer_id, g.a12, g.t)) AS sales_trend_ratio_3m,
    ratio(sold(g.customer_id, g.a12, g.t), sold(g.customer_id, g.a24, g.a12)) - 1 AS sales_growth_ratio_12m,
    12 * ratio(sold(g.customer_id, g.a1, g.t), sold(g.customer_id, g.a12, g.t)) AS sales_surge_ratio_1m,
    (SELECT CASE WHEN sum(m.sold) > 0 THEN avg(abs(m.sold - x.mean)) / any_value(x.mean) END
     FROM monthly m JOIN (SELECT customer_id, t, avg(sold) AS mean FROM monthly GROUP BY ALL) x USING (customer_id, t)
     WHERE m.customer_id = g.customer_id AND m.t = g.t) AS sales_variation_ratio_12m,
    (SELECT count(*) FROM monthly m
     WHERE m.customer_id = g.customer_id AND m.t = g.t AND n_sold > 0) AS sales_active_months_12m,
    g.t - (SELECT max(known) FROM sales s
           WHERE s.customer_id = g.customer_id AND s.known <= g.t) AS days_since_sale,
    n_sold(g.customer_id, g.a12, g.t) AS n_sales_12m,
    ratio(sold(g.customer_id, g.a12, g.t),
          (SELECT sum(amount) FROM sales s WHERE s.known > g.a12 AND s.known <= g.t)) AS sales_share_ratio_12m
FROM grid g;

-- disputes, credit notes, incidents
-- ---------------------------------
CREATE TABLE contested AS
SELECT customer_id, greatest(opened_date, recorded_date)::DATE AS known, closed_date::DATE AS closed FROM disputes;
CREATE TABLE credited AS
SELECT customer_id, greatest(credit_note_date, recorded_date)::DATE AS known, base_minor AS amount FROM credit_notes
WHERE reason_code IS NULL OR reason_code NOT IN
      ('opening', 'discount', 'write_off', 'factor', 'bill', 'doubtful', 'rounding', 'other');

CREATE TABLE complaints AS SELECT g.customer_id, g.t,
    ratio((SELECT count(*) FROM contested d WHERE d.customer_id = g.customer_id AND d.known > g.a12 AND d.known <= g.t),
          n_sold(g.customer_id, g.a12, g.t)) AS dispute_ratio_12m,
    ratio((SELECT count(*) FROM contested d
           WHERE d.customer_id = g.customer_id AND d.known <= g.t AND (d.closed IS NULL OR d.closed > g.t)),
          now.n_open) AS disputed_items_ratio,
    ratio(coalesce((SELECT sum(amount) FROM credited n
                    WHERE n.customer_id = g.customer_id AND n.known > g.a12 AND n.known <= g.t), 0),
          sold(g.customer_id, g.a12, g.t)) AS credit_note_ratio_12m
FROM grid g JOIN accounts now ON now.customer_id = g.customer_id AND now.day = g.t;

CREATE TABLE steps AS
SELECT customer_id, action_code, reminder_date::DATE AS day, greatest(reminder_date, recorded_date)::DATE AS known,
       promise_date::DATE AS promised, promise_minor AS amount FROM reminders;
CREATE TABLE promises AS  -- on the day it counts: the day after the promised one, or the day the promise became known
SELECT s.customer_id, greatest(s.promised + 1, s.known) AS day,
       coalesce((SELECT sum(p.base_minor) FROM payments p WHERE p.customer_id = s.customer_id
                 AND p.value_date::DATE BETWEEN s.day AND s.promised
                 AND greatest(p.value_date, p.recorded_date)::DATE <= greatest(s.promised + 1, s.known)), 0)
           < s.amount AS broken
FROM steps s WHERE s.action_code = 'promise' AND s.promised IS NOT NULL AND s.amount IS NOT NULL;
CREATE TABLE happenings AS
SELECT customer_id, event_code, greatest(event_date, recorded_date)::DATE AS known, base_minor AS amount FROM events;
CREATE TABLE losses AS  -- written off, less what was taken back or recovered
SELECT customer_id, known, -minor AS amount FROM moves WHERE code = 'write_off'
UNION ALL
SELECT customer_id, known, -amount FROM happenings WHERE event_code = 'recovery' AND amount IS NOT NULL;

CREATE TABLE incidents AS SELECT g.customer_id, g.t,
    ratio((SELECT count(*) FROM moves m
           WHERE m.customer_id = g.customer_id AND m.code = 'payment' AND m.minor > 0
           AND m.known > g.a12 AND m.known <= g.t),
          (SELECT count(*) FROM receipts r WHERE r.customer_id = g.customer_id AND r.known > g.a12 AND r.known <= g.t)
         ) AS returned_ratio_12m,
    (SELECT count(*) FROM steps s WHERE s.customer_id = g.customer_id AND s.known > g.a6 AND s.known <= g.t
     AND action_code IN ('warning', 'formal_notice', 'delivery_stop', 'collection', 'legal')) AS n_formal_reminders_6m,
    (SELECT ratio(count(*) FILTER (broken), count(*)) FROM promises p
     WHERE p.customer_id = g.customer_id AND p.day > g.a12 AND p.day <= g.t) AS broken_promise_ratio_12m,
    (SELECT count(*) FROM happenings h WHERE h.customer_id = g.customer_id AND h.known > g.a24 AND h.known <= g.t
     AND event_code IN ('legal_notice', 'litigation', 'moratorium', 'insolvency', 'insurer_claim')
    ) AS n_legal_events_24m,
    (SELECT count(*) FROM spells s
     WHERE s.customer_id = g.customer_id AND s.day > g.a36 AND s.day <= g.t) AS n_default_spells_36m,
    ratio(coalesce((SELECT sum(amount) FROM losses l
                    WHERE l.customer_id = g.customer_id AND l.known > g.a24 AND l.known <= g.t), 0),
          sold(g.customer_id, g.a24, g.t)) AS lost_ratio_24m
FROM grid g;

CREATE TABLE tenure AS SELECT g.customer_id, g.t,
    months(g.t, p.first_day) AS tenure_months,
    CASE WHEN p.since <= g.t THEN months(g.t, p.since) END AS relationship_months
FROM grid g JOIN peers p USING (customer_id);

-- ratings and the insurer's decisions
-- -----------------------------------
CREATE TABLE grades AS  -- a grade on no known scale (withdrawn, not rated) has no risk
SELECT r.customer_id, r.provider_code AS provider, r.rating_date::DATE AS day,
       greatest(r.rating_date, r.recorded_date)::DATE AS known, s.rating_micro / 1000000 AS risk
FROM ratings r LEFT JOIN rating_scales s USING (provider_code, rating_code);

CREATE MACRO worst(c, on_day) AS  -- of the latest rating of each provider
    (SELECT max(latest.risk) FROM (SELECT max({'day': day, 'risk': risk}) AS latest FROM grades r
                                   WHERE r.customer_id = c AND r.known <= on_day GROUP BY r.provider));

-- worse than the latest known before; what becomes known on one day is read by its own dates
CREATE TABLE downgrades AS
SELECT r.customer_id, r.known FROM (
    SELECT n.*, (SELECT max({'day': o.day, 'risk': o.risk}) FROM grades o
                 WHERE o.customer_id = n.customer_id AND o.provider = n.provider
                 AND (o.known < n.known OR (o.known = n.known AND o.day < n.day))) AS latest
    FROM grades n) r
WHERE r.latest.day < r.day AND r.latest.risk < r.risk;

CREATE TABLE outside AS SELECT g.customer_id, g.t,
    worst(g.customer_id, g.t) AS rating_ratio,
    worst(g.customer_id, g.t) - worst(g.customer_id, g.a12) AS rating_change_12m,
    CASE WHEN worst(g.customer_id, g.t) IS NOT NULL THEN
        (SELECT count(*) FROM downgrades d WHERE d.customer_id = g.customer_id AND d.known > g.a12 AND d.known <= g.t)
    END AS n_downgrades_12m,
    ratio(now.open, in_force(g.customer_id, 'insurer', g.t).amount) AS insurer_limit_use_ratio,
    ratio(in_force(g.customer_id, 'insurer', g.t).amount,
          in_force(g.customer_id, 'insurer', g.t).requested) AS insurer_granted_ratio,
    CASE WHEN EXISTS (SELECT 1 FROM decisions l
                      WHERE l.customer_id = g.customer_id AND l.kind = 'insurer' AND l.known <= g.t)
         THEN (SELECT count(*) FROM cuts c WHERE c.customer_id = g.customer_id AND c.day > g.a12 AND c.day <= g.t)
    END AS n_insurer_cuts_12m
FROM grid g JOIN accounts now ON now.customer_id = g.customer_id AND now.day = g.t;

-- annual accounts
-- ---------------
CREATE TABLE filed AS
SELECT g.customer_id, g.t, f.period_end_date::DATE AS closing, f.revenue_minor AS revenue, f.net_worth_minor AS worth,
       f.debt_minor AS debt, f.net_income_minor AS income,
       row_number() OVER (PARTITION BY g.customer_id, g.t ORDER BY f.period_end_date DESC) AS place
FROM grid g JOIN financials f ON f.customer_id = g.customer_id AND f.published_date::DATE <= g.t;

CREATE TABLE statements AS SELECT g.customer_id, g.t,
    months(g.t, f.closing) AS accounts_age_months,
    ratio(f.income, f.revenue) AS net_margin_ratio,
    ratio(f.debt, f.debt + f.worth) AS debt_ratio,
    ratio(f.worth, f.revenue) AS net_worth_ratio,
    ratio(f.revenue, e.revenue) - 1 AS revenue_growth_ratio,
    ratio(now.open, f.revenue) AS open_to_revenue_ratio
FROM grid g JOIN accounts now ON now.customer_id = g.customer_id AND now.day = g.t
LEFT JOIN filed f ON f.customer_id = g.customer_id AND f.t = g.t AND f.place = 1
LEFT JOIN filed e ON e.customer_id = g.customer_id AND e.t = g.t AND e.place = 2;

-- questionnaire
-- -------------
CREATE TABLE answers AS
SELECT customer_id, item_code, answered_date::DATE AS day, round(answer_ratio * 1000000)::BIGINT AS answer
FROM questionnaires;
CREATE MACRO mean_answer(c, on_day) AS
    (SELECT ratio(sum(latest), 1000000 * count(*)) FROM
        (SELECT max_by(answer, day) AS latest FROM answers a
         WHERE a.customer_id = c AND a.day <= on_day GROUP BY a.item_code));

CREATE TABLE asked AS SELECT g.customer_id, g.t,
    mean_answer(g.customer_id, g.t) AS questionnaire_ratio,
    mean_answer(g.customer_id, g.t) - mean_answer(g.customer_id, g.a12) AS questionnaire_change_ratio_12m,
    months(g.t, (SELECT max(day) FROM answers a
                 WHERE a.customer_id = g.customer_id AND a.day <= g.t)) AS questionnaire_age_months
FROM grid g;

-- sector, country and group
-- -------------------------
CREATE TABLE failures AS
SELECT sector_code AS sector, period_end_date::DATE AS closing, published_date::DATE AS published,
       round(failure_ratio * 1000000)::BIGINT / 1000000 AS rate FROM sector_statistics;
CREATE MACRO failure_rate(s, on_day) AS
    (SELECT max({'closing': closing, 'published': published, 'rate': rate}).rate FROM failures f
     WHERE f.sector = s AND f.published <= on_day);

CREATE TABLE surroundings AS SELECT g.customer_id, g.t,
    (SELECT ratio(sum(x.overdue_30), sum(x.open)) FROM accounts x JOIN peers o USING (customer_id)
     WHERE o.sector = p.sector AND x.day = g.t) AS sector_overdue_30_ratio,
    ratio((SELECT count(*) FROM spells s JOIN peers o USING (customer_id)
           WHERE o.sector = p.sector AND s.day > g.a12 AND s.day <= g.t),
          (SELECT count(*) FROM peers o WHERE o.sector = p.sector AND o.first_day <= g.t)) AS sector_default_ratio_12m,
    (SELECT ratio(count(*) FILTER (late), count(*)) FROM falls f JOIN peers o USING (customer_id)
     WHERE o.country = p.country AND f.days = 0 AND f.day > g.a12 AND f.day <= g.t) AS country_late_ratio_12m,
    failure_rate(p.sector, g.t) AS sector_failure_ratio,
    ratio(failure_rate(p.sector, g.t), failure_rate(p.sector, g.a12)) - 1 AS sector_failure_change_ratio_12m,
    (SELECT ratio(sum(x.overdue_30), sum(x.open)) FROM accounts x JOIN peers o USING (customer_id)
     WHERE o."group" = p."group" AND o.customer_id <> g.customer_id AND x.day = g.t) AS group_overdue_30_ratio,
    CASE WHEN p."group" IS NOT NULL THEN
        (SELECT count(*) FROM spells s JOIN peers o USING (customer_id)
         WHERE o."group" = p."group" AND o.customer_id <> g.customer_id AND s.day > g.a12 AND s.day <= g.t)
    END AS group_default_spells_12m
FROM grid g JOIN peers p USING (customer_id);

CREATE TABLE panel AS
SELECT * FROM delay
JOIN ageing USING (customer_id, t) JOIN exposure USING (customer_id, t) JOIN rhythm USING (customer_id, t)
JOIN complaints USING (customer_id, t) JOIN incidents USING (customer_id, t) JOIN tenure USING (customer_id, t)
JOIN outside USING (customer_id, t) JOIN statements USING (customer_id, t) JOIN asked USING (customer_id, t)
JOIN surroundings USING (customer_id, t) ORDER BY customer_id, t;

CREATE TABLE sums AS SELECT g.customer_id, g.t,  -- whole cents and counts, to be met exactly
    now.open AS open_minor, now.overdue AS overdue_minor, now.overdue_30 AS overdue_30_minor,
    now.overdue_60 AS overdue_60_minor, now.overdue_90 AS overdue_90_minor, now.n_open AS n_open,
    sold(g.customer_id, g.a12, g.t) AS sale_minor_12m,
    coalesce((SELECT sum(amount) FROM receipts r
              WHERE r.customer_id = g.customer_id AND r.known > g.a12 AND r.known <= g.t), 0) AS received_minor_12m,
    coalesce((SELECT sum(amount * days_late) FROM receipts r
              WHERE r.customer_id = g.customer_id AND r.known > g.a12 AND r.known <= g.t AND r.dated), 0
            ) AS late_days_minor_12m
FROM grid g JOIN accounts now ON now.customer_id = g.customer_id AND now.day = g.t ORDER BY 1, 2;
