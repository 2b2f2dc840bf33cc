unset key
set border 3 lc rgb '#9CA3AF'
set tics nomirror out scale 0.6 tc rgb '#1F2937'
set grid ytics lc rgb '#E5E7EB' lw 1 dt 1
set datafile missing NaN
set errorbars small
$week << COLDPROF_END_17633c3c3b7537c7
0 0 1 NaN
0.5 0 1 1
1.5 0 1 1
2.5 0 1 1
3.5 0 1 1
4.5 0 1 1
5.5 0 1 1
6.5 0 1 1
7.5 0 1 1
8.5 0 1 1
9.5 0 1 1
10.5 0 1 1
11.5 0 1 1
12.5 0 2 2
13.5 0 1 1
14.5 0 1 1
15.5 0 1 1
16.5 0 1 1
17.5 0 1 1
18.5 0 1 1
19.5 0 1 1
20.5 0 1 1
21.5 0 1 1
22.5 0 1 1
23.5 0 1 1
24.5 0 1 1
25.5 0 1 1
26.5 0 1 1
27.5 0 1 1
28.5 0 1 1
29.5 0 1 1
30.5 0 1 1
31.5 0 1 1
32.5 0 1 1
33.5 0 1 1
34.5 0 1 1
35.5 0 1 1
36.5 0 1 1
37.5 0 1 1
38.5 0 1 1
39.5 0 1 1
40.5 0 1 1
41.5 0 1 1
42.5 0 1 1
43.5 0 1 1
44.5 0 1 1
45.5 0 1 1
46.5 0 1 1
47.5 0 1 1
48.5 0 1 1
49.5 0 1 1
50.5 0 1 1
51.5 0 1 1
52.5 0 1 1
53.5 0 1 1
54.5 0 1 1
55.5 0 1 1
56.5 0 1 1
57.5 0 1 1
58.5 0 1 1
59.5 0 1 1
60.5 0 1 1
61.5 0 1 1
62.5 0 1 1
63.5 0 1 1
64.5 0 1 1
65.5 0 1 1
66.5 0 1 1
67.5 0 1 1
68.5 0 1 1
69.5 0 1 1
70.5 0 1 1
71.5 0 1 1
72.5 0 1 1
73.5 0 1 1
74.5 0 1 1
75.5 0 1 1
76.5 0 1 1
77.5 0 1 1
78.5 0 1 1
79.5 0 1 1
80.5 0 1 1
81.5 0 1 1
82.5 0 1 1
83.5 0 1 1
84.5 0 1 1
85.5 0 1 1
86.5 0 1 1
87.5 0 1 1
88.5 0 1 1
89.5 0 1 1
90.5 0 1 1
91.5 0 1 1
92.5 0 1 1
93.5 0 1 1
94.5 0 1 1
95.5 0 1 1
96.5 0 1 1
97.5 0 1 1
98.5 0 1 1
99.5 0 1 1
100.5 0 1 1
101.5 0 1 1
102.5 0 1 1
103.5 0 1 1
104.5 0 1 1
105.5 0 1 1
106.5 0 1 1
107.5 0 1 1
108.5 0 1 1
109.5 0 1 1
110.5 0 1 1
111.5 0 1 1
112.5 0 1 1
113.5 0 1 1
114.5 0 1 1
115.5 0 1 1
116.5 0 1 1
117.5 0 1 1
118.5 0 1 1
119.5 0 1 1
120.5 0 1 1
121.5 0 1 1
122.5 0 1 1
123.5 0 1 1
124.5 0 1 1
125.5 0 1 1
126.5 0 1 1
127.5 0 1 1
128.5 0 1 1
129.5 0 1 1
130.5 0 1 1
131.5 0 1 1
132.5 0 1 1
133.5 0 1 1
134.5 0 1 1
135.5 0 1 1
136.5 0 1 1
137.5 0 1 1
138.5 0 1 1
139.5 0 1 1
140.5 0 1 1
141.5 0 1 1
142.5 0 1 1
143.5 0 1 1
144.5 0 1 1
145.5 0 1 1
146.5 0 1 1
147.5 0 1 1
148.5 0 1 1
149.5 0 1 1
150.5 0 1 1
151.5 0 1 1
152.5 0 1 1
153.5 0 1 1
154.5 0 1 1
155.5 0 1 1
156.5 0 1 1
157.5 0 1 1
158.5 0 1 1
159.5 0 1 1
160.5 0 1 1
161.5 0 1 1
162.5 0 1 1
163.5 0 1 1
164.5 0 1 1
165.5 0 1 1
166.5 0 1 1
167.5 0 1 1
168 0 1 NaN
COLDPROF_END_17633c3c3b7537c7
set lmargin at screen 0.0972
set rmargin at screen 0.8667
set bmargin at screen 0.1579
set tmargin at screen top_at
set xrange [0:168]
set xlabel 'hour of the week, UTC' offset 0,0.3 tc rgb '#1F2937'
set xtics scale 0 ('Mon' 12, 'Tue' 36, 'Wed' 60, 'Thu' 84, 'Fri' 108, 'Sat' 132, 'Sun' 156)
set arrow from 24, graph 0 to 24, graph 1 nohead lw 1 dt 3 lc rgb '#D1D5DB'
set arrow from 48, graph 0 to 48, graph 1 nohead lw 1 dt 3 lc rgb '#D1D5DB'
set arrow from 72, graph 0 to 72, graph 1 nohead lw 1 dt 3 lc rgb '#D1D5DB'
set arrow from 96, graph 0 to 96, graph 1 nohead lw 1 dt 3 lc rgb '#D1D5DB'
set arrow from 120, graph 0 to 120, graph 1 nohead lw 1 dt 3 lc rgb '#D1D5DB'
set arrow from 144, graph 0 to 144, graph 1 nohead lw 1 dt 3 lc rgb '#D1D5DB'
set yrange [0:2.08]
set ylabel 'requests in flight' offset y_shift,0 tc rgb '#1F2937'
set ytics ('0' 0, '0.5' 0.5, '1' 1, '1.5' 1.5, '2' 2)
set key at screen 0.9889, graph 0.98 right top Left reverse samplen 2.5 spacing 1.25 tc rgb '#1F2937'
plot $week using 1:4 with points pt 7 ps 0.35 lc rgb '#6B7280' title 'max', \
  $week using 1:3 with lines lw 2 dt 2 lc rgb '#D55E00' title 'p95', \
  $week using 1:2 with lines lw 2 dt 1 lc rgb '#0072B2' title 'p50'
