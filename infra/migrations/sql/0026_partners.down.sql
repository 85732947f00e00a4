drop table partnerships;
