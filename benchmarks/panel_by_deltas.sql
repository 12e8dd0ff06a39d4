-- The panel of customers and month ends, written for speed. Acts are summed into the first month end that knows them,
-- levels are running sums, and what happened in w months is a level minus the one w months before. What is overdue
-- comes from the balances that items keep from one act to the next, spread over the month ends on which they are late.
-- Reads acts (as a view), ends (k, day) and calendar (day, k: the first month end not before the day).
with own as (
    select customer_code::integer as customer, k,
        sum(open_minor)::bigint as open_minor, sum(n_open)::bigint as n_open,
        sum(sale_minor)::bigint as sale_minor, sum(n_sale)::bigint as n_sale,
        sum(timed_minor)::bigint as timed_minor, sum(late_days_minor)::bigint as late_days_minor
    from acts join calendar using (day)
    group by all
),
balances as (
    select customer_code::integer as customer, due_day::integer as due_day, open_after_minor as left_minor,
        late.k as first_k, coalesce(next.k, (select count(*) from ends)) as end_k
    from acts
    join calendar as late on late.day = greatest(acts.day, due_day + 1)
    left join calendar as next on next.day = until_day
    where open_after_minor > 0 and until_day > greatest(acts.day, due_day + 1)
),
spread as (
    select customer, due_day, left_minor, unnest(range(first_k, end_k))::integer as k
    from balances
    where first_k < end_k
),
overdue as (
    select customer, k, min(due_day) as due_day, sum(left_minor)::bigint as over_0,
        (sum(left_minor) filter (day > due_day + 30))::bigint as over_30,
        (sum(left_minor) filter (day > due_day + 60))::bigint as over_60,
        (sum(left_minor) filter (day > due_day + 90))::bigint as over_90
    from spread join ends using (k)
    group by all
),
grid as (
    select customer, ends.k, ends.day
    from (select customer, min(k) as first_k from own group by customer)
    join ends on ends.k >= first_k
),
cells as (
    select grid.*, overdue.due_day,
        coalesce(over_0, 0) as over_0, coalesce(over_30, 0) as over_30,
        coalesce(over_60, 0) as over_60, coalesce(over_90, 0) as over_90,
        own.* exclude (customer, k)
    from grid
    left join own using (customer, k)
    left join overdue using (customer, k)
),
levels as (
    select customer, k, day, due_day, over_0, over_30, over_60, over_90,
        (sum(open_minor) over w)::bigint as open_minor, (sum(n_open) over w)::bigint as n_open,
        coalesce(sum(sale_minor) over w, 0)::bigint as sales_0, coalesce(sum(n_sale) over w, 0)::bigint as n_sales_0,
        coalesce(sum(timed_minor) over w, 0)::bigint as timed_0,
        coalesce(sum(late_days_minor) over w, 0)::bigint as late_0
    from cells
    window w as (partition by customer order by k rows unbounded preceding)
),
shares as (
    select *, case when open_minor > 0 then over_0 / open_minor end as share_0
    from levels
),
lagged as (
    select *,
        lag(sales_0, 1, 0) over w as sales_1, lag(sales_0, 2, 0) over w as sales_2,
        lag(sales_0, 3, 0) over w as sales_3, lag(sales_0, 4, 0) over w as sales_4,
        lag(sales_0, 5, 0) over w as sales_5, lag(sales_0, 6, 0) over w as sales_6,
        lag(sales_0, 7, 0) over w as sales_7, lag(sales_0, 8, 0) over w as sales_8,
        lag(sales_0, 9, 0) over w as sales_9, lag(sales_0, 10, 0) over w as sales_10,
        lag(sales_0, 11, 0) over w as sales_11, lag(sales_0, 12, 0) over w as sales_12,
        lag(n_sales_0, 12, 0) over w as n_sales_12,
        lag(timed_0, 3, 0) over w as timed_3, lag(timed_0, 6, 0) over w as timed_6,
        lag(timed_0, 12, 0) over w as timed_12,
        lag(late_0, 3, 0) over w as late_3, lag(late_0, 6, 0) over w as late_6, lag(late_0, 12, 0) over w as late_12,
        lag(share_0, 1) over w as share_1, lag(share_0, 2) over w as share_2, lag(share_0, 3) over w as share_3,
        lag(share_0, 4) over w as share_4, lag(share_0, 5) over w as share_5
    from shares
    window w as (partition by customer order by k)
),
-- Sales never fall, so the open amount is worth all months that begin above this level, and part of the one before.
counted as (
    select *, sales_0 - open_minor as level,
        (sales_0 > level)::integer + (sales_1 > level)::integer + (sales_2 > level)::integer
        + (sales_3 > level)::integer + (sales_4 > level)::integer + (sales_5 > level)::integer
        + (sales_6 > level)::integer + (sales_7 > level)::integer + (sales_8 > level)::integer
        + (sales_9 > level)::integer + (sales_10 > level)::integer + (sales_11 > level)::integer as n_begun,
        least(
            sales_0,
            if(sales_1 > level, sales_1, null), if(sales_2 > level, sales_2, null),
            if(sales_3 > level, sales_3, null), if(sales_4 > level, sales_4, null),
            if(sales_5 > level, sales_5, null), if(sales_6 > level, sales_6, null),
            if(sales_7 > level, sales_7, null), if(sales_8 > level, sales_8, null),
            if(sales_9 > level, sales_9, null), if(sales_10 > level, sales_10, null),
            if(sales_11 > level, sales_11, null)
        ) as above,
        greatest(
            sales_12,
            if(sales_1 <= level, sales_1, null), if(sales_2 <= level, sales_2, null),
            if(sales_3 <= level, sales_3, null), if(sales_4 <= level, sales_4, null),
            if(sales_5 <= level, sales_5, null), if(sales_6 <= level, sales_6, null),
            if(sales_7 <= level, sales_7, null), if(sales_8 <= level, sales_8, null),
            if(sales_9 <= level, sales_9, null), if(sales_10 <= level, sales_10, null),
            if(sales_11 <= level, sales_11, null)
        ) as below
    from lagged
)
select customer::bigint as customer_code, day, open_minor, n_open,
    open_minor - over_0 as not_due_minor,
    over_0 - over_30 as overdue_1_30_minor,
    over_30 - over_60 as overdue_31_60_minor,
    over_60 - over_90 as overdue_61_90_minor,
    over_90 as overdue_91_minor,
    case when n_open > 0 then coalesce(day - due_day, 0) end as overdue_max_days,
    n_sales_0 - n_sales_12 as n_sales_12m,
    sales_0 - sales_12 as sale_12m_minor,
    (late_0 - late_3) / nullif(timed_0 - timed_3, 0) as days_late_mean_3m,
    (late_0 - late_6) / nullif(timed_0 - timed_6, 0) as days_late_mean_6m,
    (late_0 - late_12) / nullif(timed_0 - timed_12, 0) as days_late_mean_12m,
    days_late_mean_3m - (late_3 - late_6) / nullif(timed_3 - timed_6, 0) as days_late_trend_3m,
    (5e0 * (share_0 - share_5) + 3e0 * (share_1 - share_4) + (share_2 - share_3)) * (1e0 / 35e0) as overdue_slope_6m,
    case
        when sales_0 = sales_12 then null
        when open_minor <= 0 then 0
        when sales_12 > level then 365e0
        else (n_begun - 1 + (above - level) / (above - below)) * (365e0 / 12e0)
    end as dso_countback_days
from counted
